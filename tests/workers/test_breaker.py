from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ductape.types.runs import TokenUsage
from tests.workers.calls import call, read, within
from workers.models.base import ChatCall, ChatChunk, Finished, TextDelta
from workers.models.breaker import RECENT_CALLS, Circuit, Circuits, Guarded, Outcome, Permit, Rules
from workers.models.errors import ModelAPIError, ModelError, ModelTimeoutError

RULES = Rules(failures=3, seconds=30)
DOWN = ModelAPIError("down", "service_unavailable", retryable=True, status_code=503)


def failing(circuit: Circuit, times: int, now: float = 0) -> None:
    for _ in range(times):
        made(circuit, "failed", now)


def made(circuit: Circuit, outcome: Outcome, now: float) -> None:
    permit = circuit.admit(now)
    assert isinstance(permit, Permit)
    circuit.report(permit, outcome, now)


def test_failures_in_a_row_open_it_and_it_says_how_long_to_wait() -> None:
    circuit = Circuit(RULES)
    failing(circuit, 2)
    made(circuit, "worked", 0)
    failing(circuit, 3)

    assert circuit.admit(0) == 30
    assert circuit.admit(29) == 1


def test_half_of_the_last_calls_open_it_too() -> None:
    circuit = Circuit(RULES)
    for _ in range(RECENT_CALLS // 2):
        made(circuit, "worked", 0)
        assert isinstance(circuit.admit(0), Permit)
        made(circuit, "failed", 0)

    assert circuit.admit(0) == 30


def test_what_says_nothing_changes_nothing() -> None:
    circuit = Circuit(RULES)
    failing(circuit, 2)
    for _ in range(50):
        made(circuit, "unknown", 0)
    assert isinstance(circuit.admit(0), Permit)
    failing(circuit, 1)
    assert circuit.admit(0) == 30


def test_then_one_call_alone_tries_and_decides() -> None:
    circuit = Circuit(RULES)
    failing(circuit, 3)

    probe = circuit.admit(30)
    assert isinstance(probe, Permit)
    assert circuit.admit(31) == 30
    circuit.report(probe, "failed", 40)
    assert circuit.admit(69) == 1

    made(circuit, "worked", 70)
    failing(circuit, 2, 71)
    assert isinstance(circuit.admit(71), Permit)


def test_a_try_that_was_broken_off_leaves_it_to_the_next() -> None:
    circuit = Circuit(RULES)
    failing(circuit, 3)
    made(circuit, "unknown", 30)
    made(circuit, "worked", 30)
    assert isinstance(circuit.admit(30), Permit)


def test_what_began_before_it_opened_decides_nothing() -> None:
    circuit = Circuit(RULES)
    early = circuit.admit(0)
    assert isinstance(early, Permit)
    failing(circuit, 3)

    circuit.report(early, "worked", 1)
    assert circuit.admit(1) == 29
    made(circuit, "worked", 31)
    circuit.report(early, "failed", 32)
    failing(circuit, 2, 32)
    assert isinstance(circuit.admit(32), Permit)


def test_none_failure_means_never() -> None:
    circuit = Circuit(Rules(failures=0))
    failing(circuit, 100)
    assert isinstance(circuit.admit(0), Permit)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["admit", "worked", "failed", "unknown"]), st.integers(0, 20)), max_size=80))
def test_whatever_happens_it_asks_nobody_while_open_and_recovers(steps: list[tuple[str, int]]) -> None:
    circuit, now = Circuit(RULES), 0.0
    under_way: list[Permit] = []
    for step, later in steps:
        now += later
        if step == "admit":
            answer = circuit.admit(now)
            if isinstance(answer, Permit):
                under_way.append(answer)
            else:
                assert 0 < answer <= RULES.seconds
        elif under_way:
            circuit.report(under_way.pop(0), step, now)  # type: ignore[arg-type]
    for permit in under_way:
        circuit.report(permit, "unknown", now)

    made(circuit, "worked", now + RULES.seconds)
    assert isinstance(circuit.admit(now + RULES.seconds), Permit)


class Provider:
    """Fails with what it is told to, and otherwise answers; counts who gets as far as it."""

    def __init__(self, error: ModelError | None = None) -> None:
        self.error = error
        self.calls = 0

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        yield TextDelta("hello")
        yield Finished("stop", TokenUsage())


async def fail(model: Guarded, asked: ChatCall) -> str:
    with pytest.raises(ModelError) as raised:
        await read(model, asked)
    return raised.value.code


async def test_an_open_circuit_calls_nobody_and_closes_when_the_provider_is_back() -> None:
    now = 0.0
    provider = Provider(DOWN)
    model = Guarded(provider, Circuit(RULES), lambda: now)
    codes = [await fail(model, call("Hi")) for _ in range(5)]

    assert codes == ["service_unavailable"] * 3 + ["circuit_open"] * 2
    assert provider.calls == 3

    now, provider.error = 30.0, None
    assert (await read(model, call("Hi")))[0] == "hello"
    assert (await read(model, call("Hi")))[0] == "hello"


@pytest.mark.parametrize(
    "error",
    [
        ModelAPIError("bad", "invalid_request", status_code=400),
        ModelAPIError("bad", "authentication_failed", status_code=401),
        ModelAPIError("no", "egress_refused"),
    ],
    ids=lambda error: error.code,
)
async def test_what_is_the_callers_fault_never_opens_it(error: ModelError) -> None:
    model = Guarded(Provider(error), Circuit(RULES))
    assert {await fail(model, call("Hi")) for _ in range(30)} == {error.code}


async def test_who_gives_it_no_time_cannot_close_it_to_others() -> None:
    circuit = Circuit(RULES)
    model = Guarded(Provider(ModelTimeoutError("late", retryable=True)), circuit)
    for _ in range(30):
        assert await fail(model, within(1, call("Hi"))) == "timeout"
    assert [await fail(model, within(60, call("Hi"))) for _ in range(4)][-1] == "circuit_open"


async def test_a_caller_who_leaves_counts_as_nothing_and_frees_the_try() -> None:
    now = 0.0
    provider = Provider(DOWN)
    model = Guarded(provider, Circuit(RULES), lambda: now)
    for _ in range(3):
        await fail(model, call("Hi"))
    now, provider.error = 30.0, None

    async with aclosing(model.stream(call("Hi"))) as chunks:
        assert await anext(chunks) == TextDelta("hello")

    assert (await read(model, call("Hi")))[0] == "hello"


async def test_each_key_has_a_circuit_of_its_own() -> None:
    circuits = Circuits(Rules(failures=1))
    down, up = Provider(DOWN), Provider()
    with pytest.raises(ModelError):
        await read(circuits.guard("a", down), call("Hi"))

    with pytest.raises(ModelError) as raised:
        await read(circuits.guard("a", up), call("Hi"))
    assert (raised.value.code, raised.value.retryable) == ("circuit_open", True)
    assert "try again in 30 s" in raised.value.message
    assert raised.value.retry_after is not None
    assert (await read(circuits.guard("b", up), call("Hi")))[0] == "hello"
