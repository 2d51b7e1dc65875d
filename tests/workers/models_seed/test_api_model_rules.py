"""What the seed leaves open about API models: threads, event loops, what is refused, what reaches the wire."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.workers.models_seed.conftest import Provider, completion
from tests.workers.servers import ROOT
from tests.workers.wires.conftest import KEY
from workers.models import BaseAPIModel, HarmonizedResponse, ModelConfig, ModelError, ModelTimeoutError

MESSAGES = [{"role": "user", "content": "Hello!"}]
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}


def gpt(**settings: Any) -> BaseAPIModel:
    return BaseAPIModel("openai", "gpt-4o", **settings)


def test_one_model_serves_any_number_of_event_loops(provider: Provider) -> None:
    model = gpt()
    for _ in range(3):
        assert asyncio.run(model.arun(MESSAGES)).content == "Hello!"
    assert model.run(MESSAGES).content == "Hello!"


def test_one_model_serves_many_threads(provider: Provider) -> None:
    model = gpt()
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(model.run(MESSAGES).content)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["Hello!"] * 8


async def test_in_a_loop_run_is_awaited_and_many_run_at_once(provider: Provider) -> None:
    model = gpt()
    answers = await asyncio.gather(*(model.run(MESSAGES) for _ in range(8)))
    assert [answer.content for answer in answers] == ["Hello!"] * 8


def test_nothing_stays_open(provider: Provider) -> None:
    script = """
import asyncio, gc
from workers.models import BaseAPIModel
messages = [{"role": "user", "content": "Hello!"}]
async def main():
    await model.arun(messages)
    async for chunk in model.stream(messages):
        break
model = BaseAPIModel("custom", "m", base_url=BASE_URL)
asyncio.run(main())
asyncio.run(main())
async def forgets():
    await BaseAPIModel("custom", "m", base_url=BASE_URL).arun(messages)
    gc.collect()
asyncio.run(forgets())
print(model.run(messages).content, *(chunk.content for chunk in model.stream_sync(messages)), sep="")
del model
gc.collect()
""".replace("BASE_URL", repr(provider.base_url))
    env = {"DUCTAPE_EGRESS_ALLOW": f"127.0.0.1:{provider.port}", "PYTHONPATH": f"{ROOT}:{ROOT / 'sdk'}"}
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("Hello!Hello!\n", "")


def test_the_sync_twin_streams_the_same(provider: Provider) -> None:
    *pieces, last = gpt().stream_sync(MESSAGES)
    assert "".join(piece["content"] for piece in pieces) == "Hello!"
    assert last.response is not None
    assert last.response.content == "Hello!"
    assert provider.bodies[0]["stream"] is True


async def test_the_sync_twin_does_not_stop_a_loop(provider: Provider) -> None:
    with pytest.raises(RuntimeError, match="use `async for chunk in"):
        next(iter(gpt().stream_sync(MESSAGES)))


async def test_streamed_or_not_the_response_is_the_same(provider: Provider) -> None:
    called = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    provider.says("Let me look.", "tool_calls", reasoning_content="The time?", tool_calls=[called])
    model = gpt()
    whole = await model.arun(MESSAGES, tools=[TOOL])
    *_, last = [chunk async for chunk in model.stream(MESSAGES, tools=[TOOL])]
    assert last.response is not None

    def timeless(response: HarmonizedResponse) -> dict[str, Any]:
        return response.model_dump(exclude={"metadata": {"response_time"}})

    assert timeless(last.response) == timeless(whole)
    assert whole.thinking == "The time?"
    assert (whole.metadata.request_id, whole.metadata.model) == ("req_1", "answering-model")
    assert whole.metadata.response_time > 0


SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
STRICT = {**SCHEMA, "required": ["a"], "additionalProperties": False}


def formatted(schema: dict[str, Any], strict: bool) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "response", "schema": schema, "strict": strict}}


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"max_tokens": 9}, {"max_completion_tokens": 9}),
        ({"temperature": None}, {}),
        ({"stop": "END"}, {"stop": ["END"]}),
        ({"stop": ["A", "B"], "seed": 7}, {"stop": ["A", "B"], "seed": 7}),
        ({"response_schema": SCHEMA}, {"response_format": formatted(SCHEMA, False)}),
        ({"response_schema": STRICT, "json_mode": True}, {"response_format": formatted(STRICT, True)}),
        ({"tools": [TOOL], "tool_choice": "required"}, {"tools": [TOOL], "tool_choice": "required"}),
        ({"tools": [TOOL], "parallel_tool_calls": False}, {"tools": [TOOL], "parallel_tool_calls": False}),
        ({"tools": [], "images": []}, {}),
        ({"parameters": {"user": "u-1"}}, {"user": "u-1"}),
    ],
)
async def test_every_option_reaches_the_wire(provider: Provider, options: Any, sent: dict[str, Any]) -> None:
    await gpt(temperature=0.5).arun(MESSAGES, **options)
    unasked = {"temperature": 0.5} if "temperature" not in options else {}
    base = {"model": "gpt-4o", "messages": MESSAGES, "stream": False, "max_completion_tokens": 1024}
    assert provider.bodies == [{**base, **unasked, **sent}]


async def test_a_local_image_travels_as_bytes(provider: Provider, tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    await gpt().arun(MESSAGES, images=[file])
    assert provider.bodies[0]["messages"][0]["content"][1]["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({"thinking_budget": 5}, "unsupported_setting", "openai takes no thinking_budget"),
        ({"parameters": {"n": 2}}, "unsupported_parameter", "openai takes no parameter n"),
        ({"parameters": {"api_base": "x"}}, "unsupported_parameter", "api_base"),
        ({"temperature": 3}, "invalid_settings", "setting temperature"),
        ({"temperatur": 1}, "invalid_settings", "setting temperatur"),
        ({"api_key": KEY}, "invalid_settings", "setting api_key"),
        ({"tool_choice": "auto"}, "invalid_tool_choice", "give tools="),
        ({"tools": [TOOL], "tool_choice": "later"}, "invalid_tool_choice", "the name of one of the tools"),
    ],
)
async def test_what_cannot_be_sent_is_named(provider: Provider, options: Any, code: str, named: str) -> None:
    with pytest.raises(ModelError, match=named) as refused:
        await gpt().arun(MESSAGES, **options)
    assert refused.value.code == code
    assert KEY not in str(refused.value)
    assert provider.bodies == []


def test_what_a_model_cannot_be_is_said_when_it_is_made(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="takes no thinking_budget"):
        gpt(thinking_budget=5)
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ModelError, match="openai needs an API key"):
        gpt()
    with pytest.raises(ModelError, match="not 'groq'"):
        BaseAPIModel("groq", "m")
    with pytest.raises(ModelError, match="use BaseLocalModel"):
        BaseAPIModel.from_config(ModelConfig(type="local", name="m", model_class="llm"))


async def test_the_timeout_is_for_the_whole_call(provider: Provider, no_waits: None) -> None:
    provider.script = [(503, {}), (503, {}), (200, completion("late"))]
    with pytest.raises(ModelError) as raised:
        await gpt(timeout=1500).arun(MESSAGES)
    assert (raised.value.status_code, len(provider.bodies)) == (503, 2)
    with pytest.raises(ModelTimeoutError):
        await gpt(timeout=1).arun(MESSAGES)


async def test_a_key_is_in_no_name_and_no_error(provider: Provider) -> None:
    model = gpt(api_key=KEY)
    assert KEY not in repr(vars(model)) + repr(model)
    provider.script = [(401, {"error": KEY})]
    with pytest.raises(ModelError) as raised:
        await model.arun(MESSAGES)
    assert KEY not in repr(vars(raised.value))
