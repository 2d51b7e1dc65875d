"""A paid provider's stand-in: a real OpenAI-compatible server on loopback that behaves as it is asked to.

The name of the model is the behaviour: `ok`, `refuse-key` (401 that repeats the key), `cut` (mid-answer), `slow`.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

WORDS = ["Hello", " from", " the", " provider", "."]
USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}


@dataclass(frozen=True)
class Seen:
    authorization: str | None
    body: dict[str, Any]


@dataclass
class Provider:
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_port
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider, seen = self, self.seen

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                provider.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                key = self.headers.get("Authorization")
                seen.append(Seen(key, body))
                if body["model"] == "refuse-key":
                    return self._refuse(f"bad key {key}")
                self._stream(body["model"])

            def _refuse(self, text: str) -> None:
                content = json.dumps({"error": {"message": text}}).encode()
                self.send_response(401)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _stream(self, behaviour: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for word in WORDS:
                    self._say({"choices": [{"index": 0, "delta": {"content": word}}]})
                    time.sleep(0.5 if behaviour == "slow" else 0)
                    if behaviour == "cut":
                        return
                self._say({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                self._say({"choices": [], "usage": USAGE})
                self.wfile.write(b"data: [DONE]\n\n")

            def _say(self, data: dict[str, Any]) -> None:
                self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
                self.wfile.flush()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
