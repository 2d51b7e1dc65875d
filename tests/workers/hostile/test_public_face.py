"""The same upstreams below `BaseAPIModel`, by each of its four ways. Every way meets every mode and every provider."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from tests.workers.hostile import upstream as modes
from tests.workers.hostile.shapes import COUNTS, TEXTS
from tests.workers.hostile.test_hostile import SERVED, said_nothing_of
from tests.workers.hostile.upstream import KEY, Mode, redirect, status, upstream
from workers.models import BaseAPIModel, HarmonizedResponse
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.retries import MAX_RETRIES

SAID = [{"role": "user", "content": "Hi"}]
TIMEOUT_MS = 400
"""Shorter than the wait before the first retry, unless the upstream asks for none."""

WHOLE = [modes.honest, modes.split_everywhere, modes.finished_twice]
BROKEN = [
    modes.ended_early,
    modes.cut,
    modes.cut_in_the_head,
    modes.nothing,
    modes.html,
    modes.pings_then_end,
    modes.bad_json,
    modes.error_in_the_stream,
    modes.compressed,
    modes.huge_header,
    modes.endless_line,
    redirect(307),
    status(401),
    status(500),
]
ENDLESS = [modes.hang_before_the_head, modes.trickled_body, modes.pings_only]


async def by_run(model: BaseAPIModel) -> HarmonizedResponse:
    answer: HarmonizedResponse = await asyncio.to_thread(model.run, SAID)
    return answer


async def by_arun(model: BaseAPIModel) -> HarmonizedResponse:
    return await model.arun(SAID)


async def by_stream(model: BaseAPIModel) -> HarmonizedResponse:
    return last([chunk async for chunk in model.stream(SAID)])


async def by_stream_sync(model: BaseAPIModel) -> HarmonizedResponse:
    return last(await asyncio.to_thread(lambda: list(model.stream_sync(SAID))))


def last(chunks: list[Any]) -> HarmonizedResponse:
    answer: HarmonizedResponse = chunks[-1].response
    assert "".join(chunk["content"] for chunk in chunks) == answer.content
    return answer


Way = Callable[[BaseAPIModel], Awaitable[HarmonizedResponse]]
WAYS: list[Way] = [by_run, by_arun, by_stream, by_stream_sync]


def rows(meeting: Sequence[Mode]) -> pytest.MarkDecorator:
    """Each mode by each way, the providers in turn."""
    met = [
        pytest.param(mode, way, SERVED[(row + column) % len(SERVED)], id=f"{row}-{mode.__name__}-{way.__name__}")
        for row, mode in enumerate(meeting)
        for column, way in enumerate(WAYS)
    ]
    return pytest.mark.parametrize(("mode", "way", "provider"), met)


async def ask(mode: Mode, way: Way, provider: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> HarmonizedResponse:
    async with upstream(provider, mode) as hostile:
        monkeypatch.setenv("DUCTAPE_EGRESS_ALLOW", ",".join(f"127.0.0.1:{port}" for port in hostile.ports))
        async with BaseAPIModel(provider, "m", KEY, f"http://127.0.0.1:{hostile.port}", **more) as model:
            try:
                return await way(model)
            finally:
                assert hostile.elsewhere == []
                assert len(hostile.requests) <= 1 + MAX_RETRIES


@rows(WHOLE)
async def test_what_is_whole_is_understood(mode: Mode, way: Way, provider: str, monkeypatch: Any) -> None:
    answer = await ask(mode, way, provider, monkeypatch)
    assert (answer.content, answer.metadata.finish_reason) == ("".join(TEXTS), "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == COUNTS


@rows(BROKEN)
async def test_what_is_not_whole_is_an_error_and_tells_nothing(
    mode: Mode, way: Way, provider: str, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ModelError) as raised:
        await ask(mode, way, provider, monkeypatch, timeout=TIMEOUT_MS)
    assert said_nothing_of(KEY, raised.value, caplog.text)


@rows(ENDLESS)
async def test_whoever_takes_for_ever_is_left_at_the_deadline(
    mode: Mode, way: Way, provider: str, monkeypatch: Any
) -> None:
    start = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        await ask(mode, way, provider, monkeypatch, timeout=TIMEOUT_MS)
    assert time.monotonic() - start < TIMEOUT_MS / 1000 + 1
