from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.workers.wires.conftest import KEY
from workers.models.retries import Pacing, RetryingModel
from workers.models.wires import PROVIDERS

Said = tuple[int, dict[str, Any]]


@dataclass
class Provider:
    """An OpenAI-compatible provider in threads of its own, so that plain code and any event loop can call it."""

    port: int = 0
    script: list[Said] = field(default_factory=list)
    """Status and body of each answer in turn; the last one stays."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def says(self, text: str = "Hello!", finish: str = "stop", **message: Any) -> None:
        self.script = [(200, completion(text, finish, **message))]

    def next(self) -> Said:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}


def completion(text: str | None, finish: str = "stop", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    return {"id": "gen-1", "object": "chat.completion", "model": "answering-model", "choices": [choice], "usage": USAGE}


def _events(whole: dict[str, Any]) -> bytes:
    (choice,) = whole["choices"]
    message = choice["message"]
    pieces: list[dict[str, Any]] = [{"content": character} for character in message.pop("content") or ""]
    for index, called in enumerate(message.get("tool_calls") or []):
        called["index"] = index
    head = {name: whole[name] for name in ("id", "model")}
    said = [{**head, "choices": [{"delta": delta, "finish_reason": None}]} for delta in [message, *pieces]]
    said.append({**head, "choices": [{"delta": {}, "finish_reason": choice["finish_reason"]}]})
    said.append({**head, "choices": [], "usage": whole["usage"]})
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in said) + b"data: [DONE]\n\n"


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            provider.bodies.append(body)
            provider.keys.append(self.headers["Authorization"])
            status, said = provider.next()
            streamed = status == 200 and body["stream"]
            data = _events(json.loads(json.dumps(said))) if streamed else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("x-request-id", "req_1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Stands for every provider: each one's own address is this server's."""
    provider = Provider()
    provider.says()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    provider.port = server.server_address[1]
    monkeypatch.setenv("DUCTAPE_EGRESS_ALLOW", f"127.0.0.1:{provider.port}")
    for name in ("openai", "openrouter", "xai"):
        row = replace(PROVIDERS[name], default_base_url=provider.base_url)
        monkeypatch.setitem(PROVIDERS, name, row)
        monkeypatch.setenv(str(row.key_variable), KEY)
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow each other at once; what they would have waited is in the log."""

    async def at_once(seconds: float) -> None:
        pass

    pacing = Pacing(sleep=at_once, jitter=lambda: 0)
    monkeypatch.setattr("workers.models.api.RetryingModel", partial(RetryingModel, pacing=pacing))
