"""Answers that are lost on the way back, and requests that come many times at once."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from ductape import Ductape
from ductape.stack import Stack
from ductape.types.runs import MessageDelta, RunEnded, RunStarted
from tests.end_to_end.provider import Provider


@pytest.fixture(scope="module", autouse=True)
def agent(stack: Stack, provider: Provider) -> None:
    with Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key, product="once") as client:
        client.product.create(name="Once", envs=[{"slug": "dev"}])
        for behaviour in ("ok", "slow"):
            envs = [{"slug": "dev", "base_url": provider.base_url}]
            client.model.create(tag=behaviour, name=behaviour, provider="custom", model=behaviour, envs=envs)
            client.agents.define(tag=behaviour, model=behaviour)


class Lossy:
    """A way to a server on which the first answer to each POST and PUT is lost, after the server has given it."""

    def __init__(self, server: str) -> None:
        lost: set[str] = set()

        class Handler(BaseHTTPRequestHandler):
            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = requests.request(
                    self.command, server + self.path, data=body, headers=dict(self.headers), timeout=30
                )
                if self.command != "GET" and self.path not in lost:
                    lost.add(self.path)
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(answer.status_code)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = pass_on

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.lost = lost

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def lossy(stack: Stack) -> Iterator[Ductape]:
    ways = [Lossy(stack.control_url), Lossy(stack.runner_url)]
    key = stack.credentials.access_key
    with Ductape(base_url=ways[0].url, runner_url=ways[1].url, access_key=key, product="once", env="dev") as client:
        yield client
    for way in ways:
        assert way.lost
        way.close()


def test_what_was_done_before_its_answer_was_lost_is_not_done_again(lossy: Ductape, provider: Provider) -> None:
    envs = [{"slug": "dev", "base_url": provider.base_url, "api_key": "sk-lossy-0123456789"}]
    provider.seen.clear()

    assert lossy.product.create(name="Lost and found", tag="lost").tag == "lost"
    assert lossy.product.environments.create(slug="qa").slug == "qa"
    assert lossy.model.create(tag="m", name="M", provider="custom", model="ok", envs=envs).envs[0].api_key.version == 1
    assert lossy.agents.define(tag="a", model="m").version == 1
    assert lossy.agents.run(tag="a", input="Hi").output == "Hello from the provider."
    assert len(provider.seen) == 1


def test_a_streamed_run_is_told_again(client: Ductape, provider: Provider) -> None:
    provider.seen.clear()
    options: dict[str, Any] = {"tag": "ok", "product": "once", "env": "dev", "input": "Hi", "idempotency_key": "told"}
    first = list(client.agents.stream(**options))
    started, text, ended = client.agents.stream(**options)

    assert isinstance(started, RunStarted)
    assert isinstance(text, MessageDelta)
    assert isinstance(ended, RunEnded)
    assert text.text == "Hello from the provider."
    assert isinstance(first[-1], RunEnded)
    assert ended.run == first[-1].run
    assert len(provider.seen) == 1


def test_fifty_runs_at_once_under_one_key_are_one_run(stack: Stack, provider: Provider) -> None:
    provider.seen.clear()
    body = {"product": "once", "env": "dev", "agent": "slow", "input": "Hi"}
    headers = {"Authorization": f"Bearer {stack.credentials.access_key}", "Idempotency-Key": "fifty"}

    def run(number: int) -> tuple[int, str | None]:
        given = {**body, "input": "Other"} if number % 10 == 9 else body
        answer = requests.post(f"{stack.runner_url}/v1/runs", json=given, headers=headers, timeout=60)
        return answer.status_code, answer.json().get("error", {}) and answer.json()["error"]["code"]

    with ThreadPoolExecutor(50) as threads:
        answers = Counter(threads.map(run, range(50)))

    assert answers[200, None] == 1
    assert answers[409, "idempotency_in_progress"] + answers[409, "idempotency_mismatch"] == 49
    assert len(provider.seen) == 1
    assert run(0)[0] == 200 or run(9)[0] == 200
    assert len(provider.seen) == 1
