"""Send an operation of the document to whichever server has it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from control_plane.gateway.app import Gateway
from tests.control_plane.api.described import Described, Json, check_answer


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def error(self) -> Json:
        """The error without what differs from request to request."""
        return {name: value for name, value in self.body["error"].items() if name != "request_id"}


def send(operation: Described, path: str, body: object = None, token: str | None = None) -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    content = b"" if body is None else json.dumps(body).encode()
    via = _to_runner if operation.on_runner else _to_control
    answer = via(operation.method, path, headers, content)
    check_answer(operation.method, path.partition("?")[0], answer.status, answer.body)
    return answer


def _to_control(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    response = Client().generic(method, path, body, content_type="application/json", headers=headers)
    return Answer(response.status_code, response.json())


def _to_runner(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    return asyncio.run(_as_asgi(method, path, headers, body))


async def _as_asgi(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def collect(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await Gateway()({"type": "http", "method": method, "path": path, "headers": raw}, receive, collect)
    return Answer(sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent)))
