from __future__ import annotations

import logging
import time
import traceback
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field

import pytest

from ductape.types.runs import TokenUsage
from workers.models.base import ChatCall, ChatChunk, Finished, TextDelta, ThinkingDelta
from workers.models.classification import classify
from workers.models.errors import ModelAPIError, ModelError, ModelTimeoutError
from workers.models.meanings import failure
from workers.models.retries import Pacing, RetryingModel

DONE = Finished("stop", TokenUsage())


@dataclass
class Scripted:
    """A model that does what its script says, one line an attempt."""

    script: Iterable[list[ChatChunk | ModelError]]
    seen: list[ChatCall] = field(default_factory=list)

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        self.seen.append(call)
        for said in [*self.script][len(self.seen) - 1]:
            if isinstance(said, ModelError):
                raise said
            yield said


@dataclass
class Waits:
    """A clock that only the waits move."""

    now: float = field(default_factory=time.time)
    waited: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds

    def pacing(self, jitter: float = 0) -> Pacing:
        return Pacing(sleep=self.sleep, clock=lambda: self.now, jitter=lambda: jitter)


async def listen(model: Scripted, waits: Waits, seconds: float = 600, jitter: float = 0) -> list[ChatChunk]:
    retrying = RetryingModel(model, "anthropic/claude-sonnet-4.5", waits.pacing(jitter))
    call = ChatCall("c", [{"role": "user", "content": "Hello"}], {}, waits.now + seconds)
    return [chunk async for chunk in retrying.stream(call)]


async def test_the_log_is_the_one_of_the_seed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    busy = classify("openrouter", 503)
    waits = Waits()
    chunks = await listen(Scripted([[busy], [busy], [TextDelta("Hi"), DONE]]), waits)
    assert [f"{record.levelname} - {record.getMessage()}" for record in caplog.records] == [
        "WARNING - Server error 503 from claude-sonnet-4.5. Retry 1/3 after 1.0s",
        "WARNING - Server error 503 from claude-sonnet-4.5. Retry 2/3 after 2.0s",
        "INFO - Request successful after 2 retries",
    ]
    assert {record.name for record in caplog.records} == {"workers.models.retries"}
    assert waits.waited == [1, 2]
    assert chunks == [TextDelta("Hi"), Finished("stop", TokenUsage(), retry_attempts=2)]


async def test_a_first_try_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert await listen(Scripted([[DONE]]), Waits()) == [DONE]
    assert caplog.records == []


async def test_after_three_retries_the_last_error_comes_out_alone() -> None:
    errors = [classify("openai", status) for status in (500, 502, 529, 503)]
    waits = Waits()
    model = Scripted([[error] for error in errors])
    with pytest.raises(ModelAPIError) as raised:
        await listen(model, waits)
    assert raised.value is errors[-1]
    assert waits.waited == [1, 2, 4]
    assert raised.value.context == {"max_retries": 3, "retry_attempts": 3}
    assert raised.value.__context__ is None
    assert [call.call_id for call in model.seen] == ["c", "c.1", "c.2", "c.3"]


RETRIED = {
    "openrouter": [408, 429, 500, 502, 503, 504, 529],
    "openai": [429, 500, 502, 503],
    "anthropic": [429, 500, 529],
    "google": [429, 500, 503, 504],
}
NOT_RETRIED = {
    "openrouter": [400, 401, 402, 403],
    "openai": [400, 401, 404],
    "anthropic": [400, 401, 403, 413],
    "google": [400, 403, 404],
}
ROWS = [(provider, status, 2) for provider, statuses in RETRIED.items() for status in statuses]
ROWS += [(provider, status, 1) for provider, statuses in NOT_RETRIED.items() for status in statuses]


@pytest.mark.parametrize(("provider", "status", "attempts"), ROWS)
async def test_what_the_table_of_the_seed_retries_is_retried(provider: str, status: int, attempts: int) -> None:
    model = Scripted([[classify(provider, status)], [DONE]])
    if attempts == 1:
        with pytest.raises(ModelAPIError):
            await listen(model, Waits())
    else:
        await listen(model, Waits())
    assert len(model.seen) == attempts


@pytest.mark.parametrize("code", ["network_error", "stream_cut", "timeout"])
async def test_faults_on_the_way_are_retried(code: str) -> None:
    assert await listen(Scripted([[failure(code)], [TextDelta("Hi"), DONE]]), Waits())


async def test_a_spent_quota_is_reported_at_once() -> None:
    waits = Waits()
    with pytest.raises(ModelAPIError):
        await listen(Scripted([[classify("openai", 429, {}, b'{"error": {"code": "insufficient_quota"}}')]]), waits)
    assert waits.waited == []


@pytest.mark.parametrize("first", [TextDelta("Hi"), ThinkingDelta("Hm")])
async def test_nothing_is_said_twice(first: ChatChunk) -> None:
    model = Scripted([[first, failure("stream_cut")], [DONE]])
    with pytest.raises(ModelAPIError):
        await listen(model, Waits())
    assert len(model.seen) == 1


async def test_the_provider_says_how_long_to_wait() -> None:
    waits = Waits()
    limited = classify("openai", 429, {"Retry-After": "20"})
    await listen(Scripted([[limited], [classify("openai", 503, {"retry-after-ms": "250"})], [DONE]]), waits, jitter=1)
    assert waits.waited == [20, 0.25]


async def test_a_wait_beyond_the_deadline_is_left_to_the_caller() -> None:
    waits = Waits()
    with pytest.raises(ModelAPIError) as raised:
        await listen(Scripted([[classify("openai", 429, {"Retry-After": "20"})]]), waits, seconds=20)
    assert (raised.value.retry_after, waits.waited) == (20, [])


async def test_all_attempts_share_one_deadline() -> None:
    waits = Waits()
    with pytest.raises(ModelAPIError):
        await listen(Scripted([[classify("openai", 503)]] * 4), waits, seconds=3.5)
    assert waits.waited == [1, 2]


async def test_a_deadline_that_passed_is_not_retried() -> None:
    late = ModelTimeoutError("too late", retryable=True)
    waits = Waits()
    with pytest.raises(ModelTimeoutError):
        await listen(Scripted([[late]]), waits, seconds=0.1)
    assert waits.waited == []


async def test_jitter_only_lengthens() -> None:
    waits = Waits()
    await listen(Scripted([[classify("openai", 500)], [DONE]]), waits, jitter=1)
    assert waits.waited == [pytest.approx(1.1)]


async def test_an_error_keeps_its_own_trace_alone() -> None:
    errors = [failure("network_error"), failure("invalid_request")]
    with pytest.raises(ModelAPIError) as raised:
        await listen(Scripted([[error] for error in errors]), Waits())
    assert "During handling" not in "".join(traceback.format_exception(raised.value))


async def test_a_name_cannot_write_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    model = RetryingModel(Scripted([[failure("network_error")], [DONE]]), "m\nCRITICAL - all is lost", Waits().pacing())
    async for _ in model.stream(ChatCall("c", [], {}, time.time() + 60)):
        pass
    assert caplog.messages[0] == "Network error from the model. Retry 1/3 after 1.0s"
