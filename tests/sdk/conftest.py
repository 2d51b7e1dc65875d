from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ductape import Ductape, retries
from tests.sdk.loopback import Received, Server
from tests.sdk.samples import ACCESS_KEY
from tests.sdk.waiting import Connect, Waiting


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up on purpose here."""


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            loopback.answer(self, Received(self.command, self.path, dict(self.headers), body))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    listener = QuietServer(("127.0.0.1", 0), Handler)
    loopback = Server(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield loopback
    listener.shutdown()
    thread.join()
    listener.server_close()


@pytest.fixture(params=[Ductape, Waiting], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Makes either client; what is tested with it holds for both."""
    kind: Connect = request.param
    return kind


@pytest.fixture
def client(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ductape]:
    """A client of that server, which loses no time between retries."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    with connect(
        access_key=ACCESS_KEY, base_url=server.url, runner_url=server.url, product="shop", env="dev", timeout=2
    ) as client:
        yield client
