"""Every provider that has a wire, against an upstream that misbehaves in every way we know."""

from __future__ import annotations

import logging
import pickle
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ductape.types.runs import TokenUsage
from tests.workers.calls import call, read, within
from tests.workers.hostile import upstream as modes
from tests.workers.hostile.shapes import COUNTS, TEXTS, shape
from tests.workers.hostile.upstream import KEY, REDIRECTS, STATUSES, Mode, Peer, Upstream, redirect, status, upstream
from workers.models.egress import Egress, parse_allowed
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.wires import PROVIDERS, wire_for

SERVED = [provider for provider in ("openai", "anthropic", "google", "cohere") if PROVIDERS[provider].wire]
SECONDS = 0.4
"""How long a call waits for an upstream that takes for ever."""

each_provider = pytest.mark.parametrize("provider", SERVED)
each_way = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])


async def ask(hostile: Upstream, streamed: bool, seconds: float = 20) -> tuple[str, str, TokenUsage]:
    """The answer of the provider's wire, from this upstream."""
    egress = Egress(parse_allowed(",".join(f"127.0.0.1:{port}" for port in hostile.ports)))
    url = f"http://127.0.0.1:{hostile.port}"
    try:
        model = wire_for(hostile.provider, model_name="m", base_url=url, api_key=SecretStr(KEY), egress=egress)
        text, finished = await read(model, within(seconds, replace(call("Hi"), streamed=streamed)))
    finally:
        await egress.close()
    return text, finished.finish_reason, finished.usage


async def fail(provider: str, mode: Mode, streamed: bool, seconds: float = 20) -> tuple[ModelError, Upstream]:
    async with upstream(provider, mode) as hostile:
        with pytest.raises(ModelError) as raised:
            await ask(hostile, streamed, seconds)
    assert len(hostile.requests) <= 1
    assert hostile.elsewhere == []
    return raised.value, hostile


def said_nothing_of(secret: str, error: ModelError, log: str) -> bool:
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)) + log
    return secret not in shown and secret.encode() not in pickle.dumps(error)


def named(modes: list[Mode]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("mode", modes, ids=[mode.__name__ for mode in modes])


@each_provider
@each_way
@named(
    [
        modes.honest,
        modes.split_everywhere,
        modes.with_byte_order_mark,
        modes.with_carriage_returns,
        modes.finished_twice,
    ]
)
async def test_what_is_whole_is_understood(provider: str, mode: Mode, streamed: bool) -> None:
    async with upstream(provider, mode) as hostile:
        text, reason, usage = await ask(hostile, streamed)
    assert (text, reason) == ("".join(TEXTS), "stop")
    assert (usage.prompt_tokens, usage.completion_tokens) == COUNTS


@each_provider
@each_way
@named(
    [
        modes.ended_early,
        modes.cut,
        modes.cut_by_length,
        modes.cut_in_the_head,
        modes.nothing,
        modes.no_http,
        modes.html,
        modes.pings_then_end,
        modes.bad_json,
        modes.other_json,
        modes.broken_letters,
        modes.error_in_the_stream,
        modes.compressed,
        modes.many_headers,
        modes.huge_header,
    ]
)
async def test_what_is_not_whole_is_an_error_and_tells_nothing(
    provider: str, mode: Mode, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error, hostile = await fail(provider, mode, streamed)
    assert not isinstance(error, ModelTimeoutError)
    assert said_nothing_of(KEY, error, caplog.text)
    assert str(hostile.port) not in error.message


@each_provider
@each_way
@pytest.mark.parametrize("code", STATUSES)
async def test_a_refusal_is_an_error_of_ours(
    provider: str, code: int, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error, _ = await fail(provider, status(code), streamed)
    assert error.status_code == code
    assert error.retryable is (code in {408, 429} or code >= 500)
    assert said_nothing_of(KEY, error, caplog.text)


@each_provider
@each_way
@pytest.mark.parametrize("code", REDIRECTS)
async def test_a_redirect_leads_nowhere(provider: str, code: int, streamed: bool) -> None:
    error, hostile = await fail(provider, redirect(code), streamed)
    assert error.status_code == code
    assert hostile.elsewhere == []


@each_provider
@each_way
@named(
    [
        modes.hang_before_the_head,
        modes.hang_after_the_head,
        modes.hang_in_the_answer,
        modes.trickled_head,
        modes.trickled_body,
        modes.pings_only,
    ]
)
async def test_whoever_takes_for_ever_is_left_at_the_deadline(provider: str, mode: Mode, streamed: bool) -> None:
    start = time.monotonic()
    error, _ = await fail(provider, mode, streamed, SECONDS)
    assert isinstance(error, ModelTimeoutError)
    assert SECONDS - 0.1 < time.monotonic() - start < SECONDS + 1


@each_provider
@each_way
@pytest.mark.parametrize("count", [-99_999_999, 10**30, 1.5, "7", None, {}], ids=str)
async def test_a_senseless_usage_counts_nothing(provider: str, count: Any, streamed: bool) -> None:
    async def mode(peer: Peer) -> None:
        await peer.answer(*peer.whole(shape(provider, count, count)))

    async with upstream(provider, mode) as hostile:
        text, reason, usage = await ask(hostile, streamed)
    assert (text, reason) == ("".join(TEXTS), "stop")
    assert usage == TokenUsage()


@each_provider
@each_way
@named([modes.endless_head, modes.endless_line, modes.endless_body, modes.gzip_bomb])
async def test_too_much_is_given_up_in_little_memory(provider: str, mode: Mode, streamed: bool) -> None:
    def grown() -> Callable[[], int]:
        Path("/proc/self/clear_refs").write_text("5")
        before = _status("VmRSS")
        return lambda: _status("VmHWM") - before

    growth = grown()
    error, _ = await fail(provider, mode, streamed)
    assert not isinstance(error, ModelTimeoutError)
    assert growth() < 64 * 1024


def _status(name: str) -> int:
    """Kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])
