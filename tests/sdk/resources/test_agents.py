from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from ductape import (
    Ductape,
    DuctapeConnectionError,
    DuctapeTimeoutError,
    PreconditionFailedError,
    ServerError,
    ValidationError,
)
from ductape.resources import runs
from ductape.types.config import ConfigOverrides
from ductape.types.runs import MessageDelta, RunEnded, RunStarted
from tests.sdk.loopback import Answer, Server, error, events, hang_up, ok, plain
from tests.sdk.samples import AGENT, RUN

AGENTS = "/api/v1/products/shop/agents"
HELPER = f"{AGENTS}/helper"
RUNS = "/v1/runs"


def event(seq: int, kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, "seq": seq, **fields}, ensure_ascii=False)
    return f"id: {seq}\nevent: {kind}\ndata: {data}\n\n".encode()


STARTED = event(1, "run_started", run=RUN | {"status": "running", "output": ""})
HELLO = event(2, "message_delta", text="Grüße ")
WORLD = event(3, "message_delta", text="🌍")
ENDED = event(4, "run_ended", run=RUN)
WHOLE = STARTED + HELLO + WORLD + ENDED


def test_define_replaces_the_agent(server: Server, client: Ductape) -> None:
    server.on("PUT", HELPER, ok(AGENT))
    agent = client.agents.define(
        tag="helper",
        model="gpt",
        system_prompt="You help.",
        tools=[],
        model_config={"temperature": None, "maxTokens": 50},
        envs=[
            {"slug": "dev", "modelConfig": {"maxTokens": 10}},
            {"slug": "prd", "model_config": ConfigOverrides(seed=1)},
        ],
    )
    assert server.received[0].json() == {
        "tag": "helper",
        "model": "gpt",
        "system_prompt": "You help.",
        "tools": [],
        "model_config": {"temperature": None, "max_tokens": 50},
        "envs": [{"slug": "dev", "model_config": {"max_tokens": 10}}, {"slug": "prd", "model_config": {"seed": 1}}],
    }
    assert agent.overrides == {"max_tokens": 50}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model_config": {"base_url": "https://evil.example"}}, "model_config.base_url"),
        ({"model_config": {"temperature": 2.1}}, "model_config.temperature"),
        ({"tools": [{"tag": "search"}]}, "tools.0.description"),
        ({"model": {"provider": "local", "model": "a/b", "apiKey": "canary-0123456789"}}, "model.apiKey"),
        ({"termination": {"maxIteration": 5}}, "termination.maxIteration"),
        ({"model": "Not A Tag"}, "model"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(
    server: Server, client: Ductape, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        client.agents.define(**{"tag": "helper", "model": "gpt", **fields})
    assert refused.value.param == param
    assert server.received == []


def test_fetch_fetch_all_and_delete(server: Server, client: Ductape) -> None:
    server.on("GET", HELPER, ok(AGENT))
    server.on("GET", AGENTS, ok({"data": [AGENT], "next_cursor": None}))
    server.on("DELETE", HELPER, ok({"deleted": True, "tag": "helper"}))
    assert client.agents.fetch(tag="helper").system_prompt == "You help."
    assert [agent.tag for agent in client.agents.list()] == ["helper"]
    assert client.agents.delete(tag="helper").tag == "helper"


def test_define_can_ask_for_the_version_that_it_replaces(server: Server, client: Ductape) -> None:
    server.on("PUT", HELPER, error(412, "version_mismatch"))
    with pytest.raises(PreconditionFailedError):
        client.agents.define(tag="helper", model="gpt", if_version=3)
    assert server.received[0].headers["If-Match"] == '"3"'


def test_fetch_all_can_be_of_those_that_use_a_model(server: Server, client: Ductape) -> None:
    server.on("GET", f"{AGENTS}?model=gpt", ok({"data": [AGENT], "next_cursor": "x"}))
    server.on("GET", f"{AGENTS}?model=gpt&cursor=x", ok({"data": [AGENT], "next_cursor": None}))
    assert len(client.agents.fetch_all(model="gpt")) == 2
    with pytest.raises(ValidationError):
        client.agents.fetch_all(model="Not A Tag")


@pytest.mark.parametrize("given", ["Hello", {"question": "Hello"}])
def test_run_returns_the_run(server: Server, client: Ductape, given: str | dict[str, str]) -> None:
    server.on("POST", RUNS, ok(RUN))
    run = client.agents.run(tag="helper", env="prd", input=given, model_config={"maxTokens": 5})
    assert (run.run_id, run.status, run.output) == ("run_1", "completed", "Grüße 🌍")
    assert server.received[0].json() == {
        "product": "shop",
        "env": "prd",
        "agent": "helper",
        "input": given,
        "model_config": {"max_tokens": 5},
    }


def test_a_run_lost_on_the_way_is_sent_again_under_the_same_key(server: Server, client: Ductape) -> None:
    server.on("POST", RUNS, hang_up, ok(RUN))
    assert client.agents.run(tag="helper", input="Hello").status == "completed"
    first, again = (request.headers["Idempotency-Key"] for request in server.received)
    assert first == again


def test_a_lost_stream_is_sent_again_until_it_begins(server: Server, client: Ductape) -> None:
    server.on("POST", RUNS, hang_up, events(WHOLE))
    assert len(list(client.agents.stream(tag="helper", input="Hello"))) == 4
    first, again = (request.headers["Idempotency-Key"] for request in server.received)
    assert first == again


def test_a_run_may_have_a_key_of_the_callers(server: Server, client: Ductape) -> None:
    server.on("POST", RUNS, ok(RUN), events(WHOLE))
    client.agents.run(tag="helper", input="Hello", idempotency_key="order-1")
    list(client.agents.stream(tag="helper", input="Hello", idempotency_key="order-2"))
    assert [request.headers["Idempotency-Key"] for request in server.received] == ["order-1", "order-2"]


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX-Evil: 1", "ä", "x" * 256])
def test_a_key_that_cannot_be_one_is_refused(server: Server, client: Ductape, key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        client.agents.run(tag="helper", input="Hello", idempotency_key=key)
    assert refused.value.param == "idempotency_key"
    assert server.received == []


def test_a_failed_run_is_returned_and_not_raised(server: Server, client: Ductape) -> None:
    fault = {"code": "missing_api_key", "message": "no key", "retryable": False}
    server.on("POST", RUNS, ok(RUN | {"status": "failed", "error": fault}))
    run = client.agents.run(tag="helper", input="Hello")
    assert run.status == "failed"
    assert run.error is not None
    assert run.error.code == "missing_api_key"


@pytest.mark.parametrize("given", ["", {"x": float("nan")}, 5, None])
def test_an_input_that_cannot_be_one_is_refused(server: Server, client: Ductape, given: Any) -> None:
    with pytest.raises(ValidationError):
        client.agents.run(tag="helper", input=given)
    assert server.received == []


def test_a_run_is_given_the_time_it_asks_for(server: Server, client: Ductape, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.6)
        ok(RUN)(handler)

    server.on("POST", RUNS, slow)
    monkeypatch.setattr(runs, "SLACK_SECONDS", 0.1)
    assert client.agents.run(tag="helper", input="Hello", model_config={"timeout": 1000}).status == "completed"
    with pytest.raises(DuctapeTimeoutError):
        client.agents.run(tag="helper", input="Hello", model_config={"timeout": 1})
    assert len(server.received) == 2


@pytest.mark.parametrize(
    "answer",
    [
        events(STARTED, HELLO, WORLD, ENDED),
        events(WHOLE),
        events(*(bytes([byte]) for byte in WHOLE)),
        events(*(WHOLE[i : i + 7] for i in range(0, len(WHOLE), 7)), whole=False),
        events(b": ping\n\n", STARTED, b": ping\n\n", HELLO.replace(b"\n", b"\r\n"), b": ping\r\n\r\n", WORLD, ENDED),
        events(STARTED, event(9, "tool_started", tool="search"), HELLO, WORLD, ENDED),
        plain(WHOLE),
    ],
    ids=["an event a chunk", "one chunk", "bytes", "sevens", "CRLF and pings", "unknown event", "not chunked"],
)
def test_stream_yields_the_events_however_they_arrive(server: Server, client: Ductape, answer: Answer) -> None:
    server.on("POST", RUNS, answer)
    started, hello, world, ended = client.agents.stream(tag="helper", input="Hello")
    assert isinstance(started, RunStarted)
    assert (hello, world) == (MessageDelta(seq=2, text="Grüße "), MessageDelta(seq=3, text="🌍"))
    assert isinstance(ended, RunEnded)
    assert ended.run.output == "Grüße 🌍"
    assert server.received[0].json()["stream"] is True


@pytest.mark.parametrize(
    "answer",
    [events(STARTED, HELLO), events(STARTED, HELLO, whole=False), events(STARTED, HELLO, ENDED[:-1]), events()],
)
def test_a_cut_stream_is_a_connection_error(server: Server, client: Ductape, answer: Answer) -> None:
    server.on("POST", RUNS, answer)
    with pytest.raises(DuctapeConnectionError, match="ended before the run did"):
        list(client.agents.stream(tag="helper", input="Hello"))
    assert len(server.received) == 1


def test_a_silent_stream_is_a_timeout(server: Server, client: Ductape, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        events(STARTED, whole=False)(handler)
        time.sleep(0.5)

    server.on("POST", RUNS, silent)
    monkeypatch.setattr(runs, "SLACK_SECONDS", 0.1)
    with pytest.raises(DuctapeTimeoutError, match="fell silent"):
        list(client.agents.stream(tag="helper", input="Hello", model_config={"timeout": 1}))


def test_an_endless_event_is_refused(server: Server, client: Ductape) -> None:
    server.on("POST", RUNS, events(b"data: ", *[b"x" * 65536] * 20))
    with pytest.raises(DuctapeConnectionError, match="not one of a run"):
        list(client.agents.stream(tag="helper", input="Hello"))


def test_a_refused_stream_raises_what_the_server_said(server: Server, client: Ductape) -> None:
    server.on("POST", RUNS, error(503, "no_host"))
    with pytest.raises(ServerError, match="no_host"):
        next(client.agents.stream(tag="helper", input="Hello"))


def test_closing_the_stream_closes_the_connection(server: Server, client: Ductape) -> None:
    closed = threading.Event()

    def until_closed(handler: BaseHTTPRequestHandler) -> None:
        events(STARTED, whole=False)(handler)
        handler.connection.settimeout(5)
        try:
            if handler.connection.recv(1) == b"":
                closed.set()
        except ConnectionResetError:
            closed.set()
        except socket.timeout:  # noqa: UP041
            pass

    server.on("POST", RUNS, until_closed)
    with closing(client.agents.stream(tag="helper", input="Hello")) as stream:
        assert isinstance(next(stream), RunStarted)
        assert not closed.is_set()
    assert closed.wait(5)


def test_a_run_can_be_fetched_later(server: Server, client: Ductape) -> None:
    server.on("GET", f"{RUNS}/run_1", ok(RUN))
    assert client.runs.fetch(run_id="run_1").agent == "helper"
    with pytest.raises(ValidationError):
        client.runs.fetch(run_id="../products")
