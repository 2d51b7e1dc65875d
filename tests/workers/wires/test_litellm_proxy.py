"""LiteLLM Proxy, which nobody here wrote, as a provider of Anthropic's format; behind it an OpenAI server on loopback.

It needs more than a hundred packages, so it lives in an environment of its own, which a variable names: `make proxy`,
then `DUCTAPE_TEST_PROXY=.proxy/bin/litellm`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from tests.workers.wires.asking import TOOL
from tests.workers.wires.conftest import KEY, USAGE, Upstream, event
from tests.workers.wires.spoken import Heard, heard
from workers.models.base import ChatCall
from workers.models.egress import Egress, parse_allowed
from workers.models.errors import ModelError
from workers.models.wires import wire_for

PROXY = os.environ.get("DUCTAPE_TEST_PROXY")
START_SECONDS = 90
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PROXY, reason="DUCTAPE_TEST_PROXY names no proxy")]


def called(**function: str) -> bytes:
    call = {"index": 0, "function": function, **({"id": "call-1", "type": "function"} if "name" in function else {})}
    said = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}
    return f"data: {json.dumps(said)}\n\n".encode()


ENDING = [f'data: {{"choices": [], "usage": {json.dumps(USAGE)}}}\n\n'.encode(), b"data: [DONE]\n\n"]
TEXT = [event(text="Grüße "), event(text="🌍"), event(finish="stop"), *ENDING]
CALL = [called(name="look_up", arguments=""), called(arguments='{"city": "Rome"}'), event(finish="tool_calls"), *ENDING]


async def openai_answer(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    if not body.get("stream"):
        return web.json_response(plain(bool(body.get("tools"))))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for piece in CALL if body.get("tools") else TEXT:
        await response.write(piece)
    return response


def plain(call: bool) -> dict[str, Any]:
    function = {"name": "look_up", "arguments": '{"city": "Rome"}'}
    message: dict[str, Any] = {"role": "assistant", "content": None if call else "Grüße 🌍"}
    if call:
        message["tool_calls"] = [{"id": "call-1", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if call else "stop"}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE}


@pytest.fixture
async def proxy(upstream: Upstream, tmp_path: Path) -> AsyncIterator[int]:
    upstream.behaviour = openai_answer
    config = tmp_path / "config.json"
    behind = {"model": "hosted_vllm/m", "api_base": f"http://127.0.0.1:{upstream.port}/v1", "api_key": "sk-behind"}
    models = [{"model_name": "claude-sonnet-4-5", "litellm_params": behind}]
    config.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": KEY}}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        str(PROXY), "--config", str(config), "--host", "127.0.0.1", "--port", str(port),
        env={"PATH": os.environ["PATH"], "LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(tmp_path)},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await ready(port)
        yield port
    finally:
        process.kill()
        await process.wait()


async def ready(port: int) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(START_SECONDS):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/health/liveliness") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.5)


async def ask(port: int, *, key: str = KEY, streamed: bool = True, tools: tuple[Any, ...] = ()) -> Heard:
    egress = Egress(parse_allowed(f"127.0.0.1:{port}"))
    url = f"http://127.0.0.1:{port}/v1"
    model = "claude-sonnet-4-5"
    wire = wire_for("anthropic", model_name=model, base_url=url, api_key=SecretStr(key), egress=egress)
    messages: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    call = ChatCall("1", messages, {"max_tokens": 50}, time.time() + 30, tools, streamed=streamed)
    try:
        return heard([chunk async for chunk in wire.stream(call)])
    finally:
        await egress.close()


async def test_texts_tool_calls_and_refusals_of_litellm_proxy(proxy: int) -> None:
    for streamed in (True, False):
        answer = await ask(proxy, streamed=streamed)
        assert (answer.text, answer.last.finish_reason) == ("Grüße 🌍", "stop")
        assert (answer.last.usage.prompt_tokens, answer.last.usage.completion_tokens) == (5, 2)
        answer = await ask(proxy, streamed=streamed, tools=(TOOL,))
        assert answer.calls == [("call-1", "look_up", {"city": "Rome"})]
        assert answer.last.finish_reason == "tool_calls"
    with pytest.raises(ModelError) as refused:
        await ask(proxy, key="sk-of-somebody")
    # Without a database it knows one key, and answers any other with 400.
    assert (refused.value.code, refused.value.status_code) == ("invalid_request", 400)
