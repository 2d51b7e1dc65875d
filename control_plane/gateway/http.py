"""As much of HTTP as the runner needs: a bounded JSON body in, JSON or server-sent events out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from control_plane.api.errors import ApiError
from control_plane.api.parsing import MAX_BODY, parse_object, too_large
from control_plane.api.request_id import HEADER, new_request_id
from control_plane.gateway.asgi_types import Message, Receive, Send


@dataclass(slots=True)
class Exchange:
    """One request and the way to answer it."""

    scope: Message
    receive: Receive
    send: Send
    request_id: str = field(default_factory=new_request_id)
    started: bool = False
    """The status and the headers have been sent."""

    def header(self, name: bytes) -> str:
        found = [value for key, value in self.scope["headers"] if key == name]
        return found[0].decode("latin-1") if len(found) == 1 else ""

    @property
    def address(self) -> str:
        """Where the connection came from; empty on a unix socket."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    async def json(self) -> dict[str, Any]:
        """Raises: ApiError: 413 too large, 400 not JSON, 422 not an object."""
        return parse_object(await self._body())

    async def answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        await self._start(status, b"application/json", headers)
        await self.send({"type": "http.response.body", "body": body})

    async def refuse(self, error: ApiError) -> None:
        await self.answer(error.status, orjson.dumps(error.body(self.request_id)), error.headers)

    async def start_events(self) -> None:
        await self._start(200, b"text/event-stream; charset=utf-8")

    async def event(self, chunk: bytes) -> None:
        await self.send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end_events(self) -> None:
        await self.send({"type": "http.response.body", "body": b""})

    async def disconnected(self) -> None:
        """Returns when the client has gone away."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _start(self, status: int, content_type: bytes, more: Mapping[str, str] | None = None) -> None:
        headers = [
            (b"content-type", content_type),
            (b"cache-control", b"no-store"),
            (HEADER.lower().encode(), self.request_id.encode()),
            *((name.lower().encode(), value.encode()) for name, value in (more or {}).items()),
        ]
        self.started = True
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def _body(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ApiError(400, "bad_request", "the request ended early")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > MAX_BODY:
                raise too_large()
            if not message.get("more_body"):
                return b"".join(chunks)
