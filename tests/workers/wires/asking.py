"""Calls of the providers that have a language of their own, against the upstream on loopback."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import SecretStr

from tests.workers.wires.conftest import KEY, Upstream
from workers.models.base import ChatCall, ChatChunk
from workers.models.egress import Egress, parse_allowed
from workers.models.wires import wire_for

Ask = Callable[..., Awaitable[list[ChatChunk]]]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks something up.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


async def ask(
    upstream: Upstream,
    provider: str,
    model: str,
    messages: list[Any] | None = None,
    *,
    seconds: float = 30,
    streamed: bool = True,
    tools: tuple[Any, ...] = (),
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    **settings: Any,
) -> list[ChatChunk]:
    egress = Egress(parse_allowed(f"127.0.0.1:{upstream.port}"))
    url = f"http://127.0.0.1:{upstream.port}/v1"
    wire = wire_for(provider, model_name=model, base_url=url, api_key=SecretStr(KEY), egress=egress)
    asked = messages or [{"role": "user", "content": "Hello"}]
    call = ChatCall(
        uuid.uuid4().hex,
        asked,
        settings,
        time.time() + seconds,
        tools=tools,
        tool_choice=tool_choice,
        parallel_tool_calls=parallel_tool_calls,
        streamed=streamed,
    )
    try:
        return [chunk async for chunk in wire.stream(call)]
    finally:
        await egress.close()
