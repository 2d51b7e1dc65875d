from __future__ import annotations

import asyncio
import gzip
import logging
import pickle
import time
import traceback
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from ductape.types.runs import TokenUsage
from tests.workers.wires.conftest import KEY, USAGE, WHOLE, Upstream, call, event, listen, say, status
from workers.models.base import TextDelta
from workers.models.egress import Egress, parse_allowed
from workers.models.errors import ModelAPIError, ModelError, ModelTimeoutError
from workers.models.wires import wire_for
from workers.models.wires.openai import OpenAIWire
from workers.models.wires.transport import MAX_BYTES


async def test_an_answer_streams_and_ends_with_reason_and_usage(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say(WHOLE)
    text, finished = await listen(wire, call())
    assert text == "Grüße 🌍"
    assert finished.finish_reason == "stop"
    assert finished.usage == TokenUsage(**USAGE)


async def test_the_request_is_what_the_provider_expects(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say(WHOLE)
    settings: dict[str, Any] = {
        "temperature": 0.5,
        "max_tokens": 9,
        "top_p": 0.9,
        "stop_sequences": ["END"],
        "frequency_penalty": 0.1,
        "presence_penalty": -0.1,
        "seed": 7,
        "reasoning_effort": "low",
        "response_format": {"type": "json_object"},
    }
    await listen(wire, call(**settings, timeout=1000, thinking_budget=5, base_url="http://evil.example"))
    assert upstream.requests[0].path == "/v1/chat/completions"
    assert upstream.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    settings["stop"] = settings.pop("stop_sequences")
    assert upstream.bodies[0] == {
        "model": "gpt-4-turbo",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        **settings,
    }


async def test_openai_is_told_the_limit_by_its_newer_name(upstream: Upstream) -> None:
    upstream.behaviour = say(WHOLE)
    egress = Egress(parse_allowed(f"127.0.0.1:{upstream.port}"))
    url = f"http://127.0.0.1:{upstream.port}/v1/"
    for provider in ("openai", "xai"):
        model = wire_for(provider, model_name="m", base_url=url, api_key=SecretStr(KEY), egress=egress)
        _ = [chunk async for chunk in model.stream(call(max_tokens=9))]
    await egress.close()
    assert [body.get("max_completion_tokens") for body in upstream.bodies] == [9, None]
    assert [body.get("max_tokens") for body in upstream.bodies] == [None, 9]
    assert upstream.requests[0].path == "/v1/chat/completions"


async def test_without_a_key_none_is_sent(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    upstream.behaviour = say(WHOLE)
    egress = Egress(parse_allowed(f"127.0.0.1:{upstream.port}"))
    await listen(OpenAIWire(f"http://127.0.0.1:{upstream.port}", None, "m", egress), call())
    await egress.close()
    assert "Authorization" not in upstream.requests[0].headers


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_however_the_bytes_arrive_the_answer_is_the_same(wire: OpenAIWire, upstream: Upstream, size: int) -> None:
    stream = b": ping\n\n".join([b"", *WHOLE])
    upstream.behaviour = say([stream[start : start + size] for start in range(0, len(stream), size)])
    text, finished = await listen(wire, call())
    assert (text, finished.usage.total_tokens) == ("Grüße 🌍", 7)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("content_filter", "content_filter"),
        ("eos", "stop"),
    ],
)
async def test_finish_reasons_are_normalised(wire: OpenAIWire, upstream: Upstream, said: str, meant: str) -> None:
    upstream.behaviour = say([event(text="x"), event(finish=said), b"data: [DONE]\n\n"])
    assert (await listen(wire, call()))[1].finish_reason == meant


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": -99999999, "completion_tokens": None, "total_tokens": -1},
        {"prompt_tokens": 10**30, "completion_tokens": "7", "total_tokens": 1.5},
    ],
)
async def test_a_senseless_usage_counts_nothing(wire: OpenAIWire, upstream: Upstream, usage: Any) -> None:
    upstream.behaviour = say([event(text="x"), event(finish="stop", usage=usage), b"data: [DONE]\n\n"])
    assert (await listen(wire, call()))[1].usage == TokenUsage()


@pytest.mark.parametrize("answer", [say(WHOLE[:4]), say(WHOLE[:4], then="cut"), say(WHOLE[:-1])])
async def test_what_follows_a_whole_answer_may_be_missing(wire: OpenAIWire, upstream: Upstream, answer: Any) -> None:
    upstream.behaviour = answer
    text, finished = await listen(wire, call())
    assert (text, finished.finish_reason) == ("Grüße 🌍", "stop")


async def test_the_connection_is_used_again(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say(WHOLE)
    for _ in range(3):
        await listen(wire, call())
    assert len(upstream.connections) == 1


async def test_a_whole_answer_is_not_held_up_by_a_connection_that_stays_open(
    wire: OpenAIWire, upstream: Upstream
) -> None:
    upstream.behaviour = say(WHOLE, hold=3)
    start = time.monotonic()
    assert (await listen(wire, call()))[0] == "Grüße 🌍"
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (say(WHOLE[:3], then="cut"), "stream_cut", True),
        (say(WHOLE[:3]), "stream_cut", True),
        (say([*WHOLE[:3], b"data: [DONE]\n\n"]), "stream_cut", True),
        (say([b": ping\n\n"] * 50), "stream_cut", True),
        (say([]), "stream_cut", True),
        (say([b"data: {bad json\n\n"]), "invalid_response", False),
        (say([b"data: []\n\n"]), "invalid_response", False),
        (say([b'data: {"choices": {"a": 1}}\n\n']), "invalid_response", False),
        (say([b'data: {"choices": [5]}\n\n']), "invalid_response", False),
        (say([b"data: \xff\xfe\n\n"]), "invalid_response", False),
        (say([b"data: " + b'{"choices":' * 5000 + b"\n\n"]), "invalid_response", False),
        (say([event(text="x"), f'data: {{"error": {{"message": "{KEY}"}}}}\n\n'.encode()]), "provider_error", True),
        (say([event(text="x"), event(finish="error")]), "provider_error", True),
        (say([b"x" * 65536] * 32), "response_too_large", False),
        (say([b"data: ", *[b"x" * 65536] * 32]), "response_too_large", False),
        (say([b": ping " + b"x" * 65536 + b"\n\n"] * (MAX_BYTES // 65536 + 1)), "response_too_large", False),
        (status(200, f"<html>{KEY}</html>"), "stream_cut", True),
        (status(400, KEY), "invalid_request", False),
        (status(401, f'{{"error": "the key {KEY} is wrong"}}'), "authentication_failed", False),
        (status(402), "insufficient_credits", False),
        (status(403), "permission_denied", False),
        (status(404), "invalid_model", False),
        (status(408), "timeout", True),
        (status(413), "request_too_large", False),
        (status(418), "invalid_request", False),
        (status(422), "validation_error", False),
        (status(429), "rate_limit", True),
        (status(500), "service_unavailable", True),
        (status(503, KEY), "service_unavailable", True),
        (status(529), "service_unavailable", True),
    ],
)
async def test_each_fault_has_its_code_and_shows_nothing(
    wire: OpenAIWire, upstream: Upstream, caplog: pytest.LogCaptureFixture, answer: Any, code: str, retryable: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.behaviour = answer
    with pytest.raises(ModelAPIError) as raised:
        await listen(wire, call())
    assert (raised.value.code, raised.value.retryable) == (code, retryable)
    shown = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert KEY not in shown
    assert str(upstream.port) not in str(raised.value)
    assert KEY.encode() not in pickle.dumps(raised.value)
    assert raised.value.__cause__ is None
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(wire: OpenAIWire, upstream: Upstream, code: int) -> None:
    upstream.behaviour = status(code, Location=f"http://127.0.0.1:{upstream.port}/elsewhere")
    with pytest.raises(ModelAPIError) as raised:
        await listen(wire, call())
    assert (raised.value.code, raised.value.status_code) == ("redirect_refused", code)
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]


async def test_a_compressed_answer_is_not_blown_up(wire: OpenAIWire, upstream: Upstream) -> None:
    async def bomb(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        body = gzip.compress(b"data: " + b"0" * 50_000_000)
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "text/event-stream"})

    upstream.behaviour = bomb
    with pytest.raises(ModelAPIError) as raised:
        await listen(wire, call())
    assert raised.value.code == "stream_cut"


@pytest.mark.parametrize(
    "answer",
    [
        say([], hold=5),
        say([b": ping\n\n"] * 1000, pause=0.05),
        say([event(text="x")] * 1000, pause=0.05),
        say([bytes([byte]) for byte in b"".join(WHOLE)], pause=0.05),
    ],
    ids=["hang", "pings only", "never done", "trickle"],
)
async def test_the_deadline_holds_whatever_the_provider_does(wire: OpenAIWire, upstream: Upstream, answer: Any) -> None:
    upstream.behaviour = answer
    start = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        await listen(wire, call(seconds=0.5))
    assert 0.45 < time.monotonic() - start < 1.5


async def test_trickled_headers_do_not_stretch_the_deadline() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" * 10:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(trickle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        egress = Egress(parse_allowed(f"127.0.0.1:{port}"))
        start = time.monotonic()
        with pytest.raises(ModelTimeoutError):
            await listen(OpenAIWire(f"http://127.0.0.1:{port}", None, "m", egress), call(seconds=0.5))
        assert time.monotonic() - start < 1.5
        await egress.close()


async def test_a_deadline_that_has_passed_sends_nothing(wire: OpenAIWire, upstream: Upstream) -> None:
    with pytest.raises(ModelTimeoutError):
        await listen(wire, call(seconds=-1))
    assert upstream.requests == []


async def test_closing_early_disconnects_the_provider(wire: OpenAIWire, upstream: Upstream) -> None:
    gone = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(event(text="x"))
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    upstream.behaviour = endless
    stream = wire.stream(call())
    assert await anext(stream) == TextDelta("x")
    await stream.aclose()
    await asyncio.wait_for(gone.wait(), 2)


async def test_a_server_that_is_not_there_is_a_network_error() -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    egress = Egress(parse_allowed(f"127.0.0.1:{port}"))
    with pytest.raises(ModelAPIError) as raised:
        await listen(OpenAIWire(f"http://127.0.0.1:{port}", SecretStr(KEY), "m", egress), call())
    await egress.close()
    assert (raised.value.code, raised.value.retryable) == ("network_error", True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "①②⑦.0.0.1", "[::1]"])
async def test_an_address_that_is_not_allowed_gets_no_connection(upstream: Upstream, host: str) -> None:
    egress = Egress(parse_allowed(f"127.0.0.1:{upstream.port + 1}"))
    with pytest.raises(ModelError, match="the operator can allow it with DUCTAPE_EGRESS_ALLOW") as raised:
        await listen(OpenAIWire(f"http://{host}:{upstream.port}", SecretStr(KEY), "m", egress), call())
    await egress.close()
    assert (raised.value.code, raised.value.retryable) == ("egress_refused", False)
    assert "127" not in str(raised.value)
    assert upstream.requests == []


async def test_a_host_that_no_url_may_have_is_an_invalid_base_url() -> None:
    egress = Egress()
    with pytest.raises(ModelAPIError) as raised:
        await listen(OpenAIWire("http://0177.0.0.1", SecretStr(KEY), "m", egress), call())
    await egress.close()
    assert (raised.value.code, raised.value.retryable) == ("invalid_base_url", False)
