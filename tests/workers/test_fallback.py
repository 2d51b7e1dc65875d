from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest
from pydantic import JsonValue

from ductape.types.fallbacks import Fallback
from ductape.types.runs import TokenUsage
from tests.workers.calls import call, read, within
from workers.models.base import ChatCall, ChatChunk, ChatModel, Finished, TextDelta
from workers.models.errors import ModelAPIError, ModelError, ModelTimeoutError, ModelTokenLimitError
from workers.models.fallback import Candidate, FallbackModel, Prompt
from workers.models.retries import RetryingModel

DOWN = ModelAPIError("down", "service_unavailable", retryable=True, status_code=503)
TOO_LONG = ModelTokenLimitError("too long", status_code=400)
NO_KEY = ModelError("no key", "missing_api_key")
DEFAULT = frozenset(Fallback(models=["b"]).when)


@dataclass
class Says:
    """Answers with its text, or fails before or after it; `shut`: it cannot even be opened."""

    tag: str
    error: ModelError | None = None
    text: str = ""
    seconds: float = 0
    shut: bool = False
    calls: list[ChatCall] = field(default_factory=list)

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        self.calls.append(call)
        await asyncio.sleep(self.seconds)
        if self.text:
            yield TextDelta(self.text)
        if self.error is not None:
            raise self.error
        yield Finished("stop", TokenUsage())

    async def open(self) -> ChatModel:
        if self.shut and self.error is not None:
            raise self.error
        return Prompt(self)


def chain(models: Sequence[Says], when: frozenset[str] = DEFAULT, **settings: JsonValue) -> FallbackModel:
    return FallbackModel([Candidate(model.tag, settings, model.open) for model in models], when)


def said(model: FallbackModel) -> list[tuple[str, str | None]]:
    return [(tried.candidate.tag, tried.error.code if tried.error else None) for tried in model.tried]


async def test_the_next_one_answers_with_its_own_settings() -> None:
    first, second = Says("a", DOWN), Says("b", text="hello")
    model = FallbackModel(
        [Candidate("a", {"max_tokens": 9}, first.open), Candidate("b", {"max_tokens": 7}, second.open)], DEFAULT
    )

    assert (await read(model, call("Hi")))[0] == "hello"
    assert said(model) == [("a", "service_unavailable"), ("b", None)]
    assert [asked.calls[0].settings for asked in (first, second)] == [{"max_tokens": 9}, {"max_tokens": 7}]
    assert first.calls[0].call_id != second.calls[0].call_id
    assert first.calls[0].deadline == second.calls[0].deadline


async def test_one_that_answers_leaves_the_others_closed() -> None:
    second = Says("b", NO_KEY, shut=True)
    model = chain([Says("a", text="hello"), second])

    assert (await read(model, call("Hi")))[0] == "hello"
    assert said(model) == [("a", None)]


async def test_once_the_answer_has_begun_there_is_no_second_one() -> None:
    second = Says("b", text="hello")
    model = chain([Says("a", DOWN, text="hel"), second])

    with pytest.raises(ModelAPIError) as raised:
        await read(model, call("Hi"))
    assert raised.value is DOWN
    assert (said(model), second.calls) == ([("a", "service_unavailable")], [])


@pytest.mark.parametrize(
    ("error", "when", "goes_on"),
    [
        (DOWN, DEFAULT, True),
        (DOWN, frozenset({"timeout"}), False),
        (DOWN, frozenset({"service_unavailable"}), True),
        (TOO_LONG, DEFAULT, False),
        (TOO_LONG, DEFAULT | {"context_length_exceeded"}, True),
        (ModelTimeoutError("late"), frozenset({"timeout"}), True),
        (ModelTimeoutError("late"), frozenset({"retryable"}), False),
        (ModelError("open", "circuit_open", retryable=True), frozenset({"circuit_open"}), True),
        (ModelAPIError("no", "authentication_failed", status_code=401), DEFAULT, False),
    ],
)
async def test_only_the_conditions_lead_on(error: ModelError, when: frozenset[str], goes_on: bool) -> None:
    second = Says("b", text="hello")
    model = chain([Says("a", error), second], when)

    if goes_on:
        await read(model, call("Hi"))
    else:
        with pytest.raises(type(error)):
            await read(model, call("Hi"))
    assert len(second.calls) == goes_on


async def test_one_that_cannot_be_called_is_passed_over_and_shown() -> None:
    model = chain([Says("a", DOWN), Says("b", NO_KEY, shut=True), Says("c", text="hello")])

    assert (await read(model, call("Hi")))[0] == "hello"
    assert said(model) == [("a", "service_unavailable"), ("b", "missing_api_key"), ("c", None)]


async def test_the_error_is_that_of_the_last_one_that_was_called() -> None:
    model = chain([Says("a", DOWN), Says("b", NO_KEY, shut=True)])

    with pytest.raises(ModelAPIError) as raised:
        await read(model, call("Hi"))
    assert raised.value is DOWN


async def test_one_that_does_not_begin_in_its_share_of_the_time_is_left() -> None:
    model = chain([Says("a", text="late", seconds=5), Says("b", text="hello")])
    start = time.monotonic()

    assert (await read(model, within(0.4, call("Hi"))))[0] == "hello"
    assert said(model) == [("a", "timeout"), ("b", None)]
    assert 0.15 < time.monotonic() - start < 0.4


async def test_the_deadline_is_shared() -> None:
    second = Says("b", text="hello")
    model = chain([Says("a", DOWN, seconds=0.2), second], frozenset({"retryable"}))

    with pytest.raises(ModelAPIError):
        await read(model, within(0.1, call("Hi")))
    assert second.calls == []


async def test_no_retry_outlasts_the_share() -> None:
    first, second = Says("a", DOWN), Says("b", text="hello")

    async def retrying() -> ChatModel:
        return Prompt(RetryingModel(first, "a"))

    model = FallbackModel([Candidate("a", {}, retrying), Candidate("b", {}, second.open)], DEFAULT)
    start = time.monotonic()

    # The first retry comes after a second, and a share is three quarters of one.
    assert (await read(model, within(1.5, call("Hi"))))[0] == "hello"
    assert said(model) == [("a", "service_unavailable"), ("b", None)]
    assert time.monotonic() - start < 0.5
