"""A hostile upstream: a real server on loopback that misbehaves the way it is told to."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from ductape.types.messages import ChatMessage
from workers.models.base import ChatCall, ChatChunk, Finished, TextDelta
from workers.models.egress import Egress, parse_allowed
from workers.models.wires.openai import OpenAIWire

KEY = "sk-canary-0123456789"
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Upstream:
    port: int = 0
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    behaviour: Behaviour | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.connections.add(request.transport)
        self.bodies.append(await request.json())
        assert self.behaviour is not None
        return await self.behaviour(request)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", upstream.answer)
    runner = web.AppRunner(application, handle_signals=False, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    upstream.port = runner.addresses[0][1]
    yield upstream
    await runner.cleanup()


@pytest.fixture
async def wire(upstream: Upstream) -> AsyncIterator[OpenAIWire]:
    egress = Egress(parse_allowed(f"127.0.0.1:{upstream.port}"))
    yield OpenAIWire(f"http://127.0.0.1:{upstream.port}/v1", SecretStr(KEY), "gpt-4-turbo", egress)
    await egress.close()


def call(*, seconds: float = 5, **settings: Any) -> ChatCall:
    messages: list[ChatMessage] = [{"role": "user", "content": "Hello"}]
    return ChatCall(uuid.uuid4().hex, messages, settings, deadline=time.time() + seconds)


async def listen(wire: OpenAIWire, asked: ChatCall) -> tuple[str, Finished]:
    chunks: list[ChatChunk] = [chunk async for chunk in wire.stream(asked)]
    *deltas, last = chunks
    assert isinstance(last, Finished)
    assert all(isinstance(delta, TextDelta) for delta in deltas)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), last


def event(*, text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    delta = {"content": text} if text is not None else {}
    said = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return f"data: {json.dumps(said, ensure_ascii=False)}\n\n".encode()


USAGE: dict[str, Any] = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
WHOLE = [
    event(text=""),
    event(text="Grüße "),
    event(text="🌍"),
    event(finish="stop"),
    f'data: {{"choices": [], "usage": {json.dumps(USAGE)}}}\n\n'.encode(),
    b"data: [DONE]\n\n",
]


def say(pieces: Sequence[bytes], *, pause: float = 0, then: str = "end", hold: float = 0) -> Behaviour:
    """Stream the pieces, then `end` properly, `cut` the connection, or keep it open for `hold` seconds first."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(pause)
        await asyncio.sleep(hold)
        if then == "cut" and request.transport is not None:
            request.transport.abort()
        return response

    return behave


def status(code: int, body: str = "", **headers: str) -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=body, headers=headers)

    return behave
