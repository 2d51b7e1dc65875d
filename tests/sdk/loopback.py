from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A real server on loopback that answers what a test tells it to; the last answer to a path is repeated."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=lambda: defaultdict(list))

    def on(self, method: str, path: str, *answers: Answer) -> None:
        self.answers[method, path] += answers

    def sent(self, method: str, path: str) -> list[Received]:
        return [request for request in self.received if (request.method, request.path) == (method, path)]

    def answer(self, handler: BaseHTTPRequestHandler, request: Received) -> None:
        self.received.append(request)
        waiting = self.answers[request.method, request.path]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0] if waiting else error(404, "not_found", "no answer")
        answer(handler)


def ok(body: Any, status: int = 200, **headers: str) -> Answer:
    return plain(json.dumps(body).encode(), status, **headers)


def error(status: int, code: str, message: str = "it went wrong", **more: Any) -> Answer:
    headers = more.pop("headers", {})
    return ok({"error": {"code": code, "message": message, "request_id": "req_1", **more}}, status, **headers)


def plain(body: bytes, status: int = 200, **headers: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def events(*pieces: bytes, whole: bool = True) -> Answer:
    """A chunked stream, one chunk a piece; `whole=False` leaves out the end of the last chunk."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            handler.wfile.flush()
        if whole:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = not whole

    return send
