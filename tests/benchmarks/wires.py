"""CPU that one call costs the caller, by client, against a provider on loopback that answers at once.

All in one process, in turns, so that whatever else the machine does hits all alike. Process time has a tick of 10 ms or
less; 200 calls a turn make that 50 us or less, and the best of the turns is shown.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from workers.models.base import ChatCall
from workers.models.egress import Egress, parse_allowed
from workers.models.wires import preload, wire_for

CALLS, TURNS = 200, 5
OPENAI = json.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
)
ANTHROPIC = json.dumps(
    {
        "id": "1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 2},
    }
)
MESSAGES: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
Client = Callable[[], Awaitable[Any]]


def provider(port: Connection) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        text = ANTHROPIC if request.path.endswith("messages") else OPENAI
        return web.Response(text=text, content_type="application/json")

    async def serve() -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


def ours(egress: Egress, url: str, name: str, model: str) -> Client:
    async def call() -> None:
        wire = wire_for(name, model_name=model, base_url=url, api_key=SecretStr("sk-none"), egress=egress)
        asked = ChatCall("1", list(MESSAGES), {"max_tokens": 9}, time.time() + 30, streamed=False)
        async for _ in wire.stream(asked):
            pass

    return call


def openai_package(url: str) -> Client:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="sk-none", max_retries=0)
    return lambda: client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=9)


def litellm_package(url: str, model: str) -> Client:
    import litellm

    return lambda: litellm.acompletion(
        model=model, api_base=url, api_key="sk-none", messages=list(MESSAGES), max_tokens=9, num_retries=0
    )


async def measure(port: int) -> dict[str, float]:
    url = f"http://127.0.0.1:{port}/v1"
    egress = Egress(parse_allowed(f"127.0.0.1:{port}"))
    clients = {
        "direct wire (openai)": ours(egress, url, "openai", "m"),
        "codec wire (anthropic)": ours(egress, url, "anthropic", "claude-sonnet-4-5"),
        "openai package": openai_package(url),
        "litellm.acompletion (openai)": litellm_package(url, "openai/m"),
        "litellm.acompletion (anthropic)": litellm_package(f"{url}/messages", "anthropic/claude-sonnet-4-5"),
    }
    best = dict.fromkeys(clients, float("inf"))
    for client in clients.values():
        await client()
    for _ in range(TURNS):
        for name, client in clients.items():
            start = time.process_time()
            for _ in range(CALLS):
                await client()
            best[name] = min(best[name], (time.process_time() - start) / CALLS * 1000)
    await egress.close()
    return best


def main() -> None:
    preload(["anthropic"])
    near, far = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=provider, args=(far,), daemon=True)
    server.start()
    best = asyncio.run(measure(near.recv()))
    server.kill()
    direct = best["direct wire (openai)"]
    print(f"{'client':<34}{'ms of CPU a call':>18}{'x direct':>10}")
    for name, cost in best.items():
        print(f"{name:<34}{cost:>18.3f}{cost / direct:>10.1f}")


if __name__ == "__main__":
    main()
