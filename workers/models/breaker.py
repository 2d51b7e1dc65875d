"""Whoever keeps failing is left alone for a while, so that callers hear so at once and the provider can recover."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from workers.models.base import ChatCall, ChatChunk, ChatModel, Finished
from workers.models.errors import ModelAPIError, ModelError, ModelTimeoutError

RECENT_CALLS = 20
"""How many of the last calls the rate of failures is taken from."""
FAILURE_RATE = 0.5
PATIENCE_SECONDS = 5
"""A call that was given less time than this says nothing by running out of it: its caller asked for too much."""
MOST_CIRCUITS = 10_000

Outcome = Literal["worked", "failed", "unknown"]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rules:
    failures: int = 5
    """How many failures in a row open a circuit; 0: none ever opens."""
    seconds: float = 30
    """How long it then stays open, before one call tries again."""


@dataclass(frozen=True, slots=True)
class Permit:
    """To make one call. Its outcome counts only while the circuit is what it was."""

    generation: int


class Circuit:
    """Closed: calls are made. Open: none is. Half-open, once its time is over: one is, and decides.

    Pure: it knows no clock. Each call that is admitted has to be reported, whatever became of it.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._generation = 0
        self._open_until: float | None = None
        self._probing = False
        self._in_a_row = 0
        self._recent: deque[bool] = deque(maxlen=RECENT_CALLS)

    def admit(self, now: float) -> Permit | float:
        """A permit, or the seconds to wait before asking again."""
        if self._open_until is None:
            return Permit(self._generation)
        if now < self._open_until:
            return self._open_until - now
        if self._probing:
            return self._rules.seconds
        self._probing = True
        return Permit(self._generation)

    def report(self, permit: Permit, outcome: Outcome, now: float) -> None:
        if permit.generation != self._generation:
            return
        if self._open_until is not None:
            return self._probed(outcome, now)
        if outcome == "unknown":
            return
        self._in_a_row = self._in_a_row + 1 if outcome == "failed" else 0
        self._recent.append(outcome == "failed")
        if self._is_too_much():
            self._turn(open_until=now + self._rules.seconds)

    def _probed(self, outcome: Outcome, now: float) -> None:
        self._probing = False
        if outcome != "unknown":
            self._turn(open_until=now + self._rules.seconds if outcome == "failed" else None)

    def _is_too_much(self) -> bool:
        if not self._rules.failures:
            return False
        often = len(self._recent) == RECENT_CALLS and sum(self._recent) >= FAILURE_RATE * RECENT_CALLS
        return often or self._in_a_row >= self._rules.failures

    def _turn(self, open_until: float | None) -> None:
        self._generation += 1
        self._open_until = open_until
        self._probing = False
        self._in_a_row = 0
        self._recent.clear()


class Circuits:
    """The circuits of a process, one for each thing that can fail by itself."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._circuits: OrderedDict[Hashable, Circuit] = OrderedDict()

    def guard(self, key: Hashable, model: ChatModel) -> ChatModel:
        """The model behind its circuit.

        Args:
            key: names what fails together, such as a model in an environment.
        """
        circuit = self._circuits.setdefault(key, Circuit(self._rules))
        self._circuits.move_to_end(key)
        if len(self._circuits) > MOST_CIRCUITS:
            self._circuits.popitem(last=False)
        return Guarded(model, circuit)


class Guarded:
    """A chat model that is called only while its circuit lets it."""

    def __init__(self, model: ChatModel, circuit: Circuit, clock: Clock = time.monotonic) -> None:
        self._model = model
        self._circuit = circuit
        self._clock = clock

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        """Raises: ModelError: `circuit_open`, before any connection is made; or as the model does."""
        permit = self._circuit.admit(self._clock())
        if not isinstance(permit, Permit):
            raise circuit_open(permit)
        patience = call.deadline - time.time()
        outcome: Outcome | None = "unknown"
        try:
            async with aclosing(self._model.stream(call)) as chunks:
                async for chunk in chunks:
                    if isinstance(chunk, Finished):
                        # At once: nobody has to read on after it.
                        self._circuit.report(permit, "worked", self._clock())
                        outcome = None
                    yield chunk
        except ModelError as error:
            outcome = outcome_of(error, patience)
            raise
        finally:
            if outcome is not None:
                self._circuit.report(permit, outcome, self._clock())


def outcome_of(error: ModelError, patience: float) -> Outcome:
    """What a failed call says about whom it called; one that is refused for its own fault got an answer."""
    if isinstance(error, ModelTimeoutError) and patience < PATIENCE_SECONDS:
        return "unknown"
    if error.retryable:
        return "failed"
    return "worked" if error.status_code else "unknown"


def circuit_open(seconds: float) -> ModelError:
    message = f"the provider kept failing and is left alone; try again in {math.ceil(seconds)} s"
    action = "Wait, or name a fallback."
    return ModelAPIError(message, "circuit_open", retryable=True, retry_after=seconds, suggested_action=action)
