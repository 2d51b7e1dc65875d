"""What hostile or broken upstreams do, to each provider that has a language of its own, streamed and in one piece."""

from __future__ import annotations

import gzip
import json
import logging
import pickle
import resource
import time
import traceback
from typing import Any

import pytest
from aiohttp import web

from tests.workers.wires.asking import ask
from tests.workers.wires.conftest import KEY, Behaviour, Upstream, say, status
from tests.workers.wires.spoken import LANGUAGES, Language, Spoken, heard
from workers.models.base import ChatChunk
from workers.models.errors import ModelError, ModelTimeoutError

pytestmark = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
streamed_or_not = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
REPORTED: dict[str, Any] = {
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": KEY}},
    "google": {"error": {"code": 503, "message": KEY, "status": "UNAVAILABLE"}},
    "cohere": {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": KEY}},
}


async def failing(upstream: Upstream, language: Language, behaviour: Behaviour, **more: Any) -> ModelError:
    upstream.behaviour = behaviour
    with pytest.raises(ModelError) as raised:
        await ask(upstream, language.provider, language.model, **more)
    error = raised.value
    shown = "".join(traceback.format_exception(error)) + repr(error)
    assert KEY not in shown
    assert str(upstream.port) not in str(error)
    assert KEY.encode() not in pickle.dumps(error)
    return error


def pieces(language: Language, count: int = 0) -> list[bytes]:
    """The stream without its last `count` events, and so, for `count`, without an end."""
    return language.sse(language.events(Spoken()))[: -count or None]


def before_its_end(language: Language) -> list[bytes]:
    return pieces(language, 2 if language.provider == "anthropic" else 1)


async def spoken(upstream: Upstream, language: Language, behaviour: Behaviour, **more: Any) -> list[ChatChunk]:
    upstream.behaviour = behaviour
    return await ask(upstream, language.provider, language.model, **more)


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_however_the_bytes_arrive_the_answer_is_the_same(
    upstream: Upstream, language: Language, size: int
) -> None:
    stream = b": ping\n\n".join([b"", *pieces(language)])
    cut = [stream[start : start + size] for start in range(0, len(stream), size)]
    answer = heard(await spoken(upstream, language, say(cut)))
    assert (answer.text, answer.thinking, answer.last.usage.total_tokens) == ("Grüße 🌍", "Let me think.", 18)


async def test_an_answer_in_one_piece(upstream: Upstream, language: Language) -> None:
    body = json.dumps(language.whole(Spoken()))
    answer = heard(await spoken(upstream, language, status(200, body), streamed=False))
    assert (answer.text, answer.thinking, answer.last.usage.total_tokens) == ("Grüße 🌍", "Let me think.", 18)
    assert upstream.requests[0].path == language.path
    assert not upstream.bodies[0].get("stream")


async def test_a_whole_answer_is_not_held_up_by_a_connection_that_stays_open(
    upstream: Upstream, language: Language
) -> None:
    start = time.monotonic()
    answer = heard(await spoken(upstream, language, say(pieces(language), hold=3)))
    assert answer.text == "Grüße 🌍"
    assert time.monotonic() - start < 2


@streamed_or_not
@pytest.mark.parametrize("code", [302, 307, 308])
async def test_a_redirect_is_not_followed_and_nobody_else_gets_the_key(
    upstream: Upstream, language: Language, streamed: bool, code: int
) -> None:
    behaviour = status(code, Location=f"http://127.0.0.1:{upstream.port}/elsewhere")
    error = await failing(upstream, language, behaviour, streamed=streamed)
    assert (error.code, error.status_code) == ("redirect_refused", code)
    assert [request.path for request in upstream.requests] == [language.streamed_path if streamed else language.path]


@streamed_or_not
async def test_a_key_that_comes_back_goes_no_further(
    upstream: Upstream, language: Language, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = json.dumps({"error": {"message": f"the key {KEY} is wrong"}})
    error = await failing(upstream, language, status(401, echo, **{"X-Key": KEY}), streamed=streamed)
    assert error.code == "authentication_failed"
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("code", "meant", "retryable"),
    [(400, "invalid_request", False), (429, "rate_limit", True), (529, "service_unavailable", True)],
)
async def test_statuses_have_their_meaning(
    upstream: Upstream, language: Language, code: int, meant: str, retryable: bool
) -> None:
    error = await failing(upstream, language, status(code, "{}"))
    assert (error.code, error.retryable, error.provider) == (meant, retryable, language.provider)


@streamed_or_not
async def test_an_error_in_mid_answer_is_one(upstream: Upstream, language: Language, streamed: bool) -> None:
    reported = REPORTED[language.provider]
    if streamed:
        behaviour = say([*before_its_end(language), *language.sse([reported])])
    elif language.provider == "cohere":
        behaviour = status(200, json.dumps({**language.whole(Spoken()), "finish_reason": "ERROR"}))
    else:
        behaviour = status(200, json.dumps(reported))
    error = await failing(upstream, language, behaviour, streamed=streamed)
    assert error.retryable
    assert error.code == ("provider_error" if language.provider == "cohere" else "service_unavailable")


@pytest.mark.parametrize("then", ["end", "cut"])
async def test_a_cut_stream_is_never_stopped(upstream: Upstream, language: Language, then: str) -> None:
    error = await failing(upstream, language, say(before_its_end(language), then=then))
    assert (error.code, error.retryable) == ("stream_cut", True)


async def test_pings_and_nothing_are_cut_streams_too(upstream: Upstream, language: Language) -> None:
    for stream in ([b": ping\n\n"] * 20, [], [b"data: {bad"]):
        assert (await failing(upstream, language, say(stream))).code == "stream_cut"


@pytest.mark.parametrize(
    "stream",
    [
        b"data: {bad json\n\n",
        b"data: []\n\n",
        b"data: 5\n\n",
        b"data: \xff\xfe\n\n",
        b"data: " + b'{"type":' * 5000 + b"\n\n",
        b'data: {"type": "content_block_start", "candidates": [5]}\n\n',
        b'data: {"type": [], "candidates": {"a": 1}}\n\n',
    ],
)
async def test_what_is_no_event_is_refused(upstream: Upstream, language: Language, stream: bytes) -> None:
    if b"content_block_start" in stream and language.provider == "cohere":
        stream = b'data: {"type": "content-delta", "delta": 5}\n\n'
    error = await failing(upstream, language, say([stream]))
    assert (error.code, error.retryable) == ("invalid_response", False)


@pytest.mark.parametrize("body", ["{bad json", "[]", "5", "<html>", '{"candidates": 5, "content": 5, "message": 5}'])
async def test_what_is_no_answer_is_refused(upstream: Upstream, language: Language, body: str) -> None:
    error = await failing(upstream, language, status(200, body), streamed=False)
    assert error.code == "invalid_response"


async def test_an_answer_without_a_finish_is_cut(upstream: Upstream, language: Language) -> None:
    said = language.whole(Spoken())
    said.update({"stop_reason": None, "candidates": [{"content": {"parts": [{"text": "x"}]}}]})
    said.pop("finish_reason", None)
    error = await failing(upstream, language, status(200, json.dumps(said)), streamed=False)
    assert error.code == ("invalid_response" if language.provider == "cohere" else "stream_cut")


@streamed_or_not
async def test_a_body_may_not_be_endless(upstream: Upstream, language: Language, streamed: bool) -> None:
    behaviour = say([b": ping " + b"x" * 65536 + b"\n\n"] * 300)
    assert (await failing(upstream, language, behaviour, streamed=streamed)).code == "response_too_large"


async def test_a_line_may_not_be_endless(upstream: Upstream, language: Language) -> None:
    behaviour = say([b"data: ", *[b"x" * 65536] * 20])
    assert (await failing(upstream, language, behaviour)).code == "response_too_large"


@streamed_or_not
async def test_a_compressed_answer_is_not_blown_up(upstream: Upstream, language: Language, streamed: bool) -> None:
    async def bomb(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "text/event-stream"})

    packed = gzip.compress(bytes(100_000_000), 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await failing(upstream, language, bomb, streamed=streamed)
    assert error.code in {"stream_cut", "invalid_response"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@streamed_or_not
@pytest.mark.parametrize("fault", ["hang", "pings", "trickle"])
async def test_the_deadline_holds_whatever_the_provider_does(
    upstream: Upstream, language: Language, streamed: bool, fault: str
) -> None:
    behaviours = {
        "hang": say([], hold=5),
        "pings": say([b": ping\n\n"] * 100, pause=0.05),
        "trickle": say([bytes([byte]) for byte in b"".join(pieces(language))], pause=0.05),
    }
    start = time.monotonic()
    error = await failing(upstream, language, behaviours[fault], streamed=streamed, seconds=0.4)
    assert isinstance(error, ModelTimeoutError)
    assert 0.35 < time.monotonic() - start < 1.4


async def test_a_deadline_that_has_passed_sends_nothing(upstream: Upstream, language: Language) -> None:
    error = await failing(upstream, language, status(200), seconds=-1)
    assert isinstance(error, ModelTimeoutError)
    assert upstream.requests == []
