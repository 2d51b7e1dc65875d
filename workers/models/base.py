from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from ductape.types.runs import FinishReason, TokenUsage


@dataclass(frozen=True, slots=True)
class ChatCall:
    """One call of a chat model, whatever serves it."""

    call_id: str
    """Unique per attempt; a host runs a call id once, however often it is delivered."""
    messages: list[dict[str, str]]
    """`role` and `content`, in order."""
    settings: dict[str, JsonValue]
    """Resolved settings under the names of `ConfigOverrides`; what is absent is not sent."""
    deadline: float
    """Unix time in seconds after which nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last chunk of every call that did not raise."""

    finish_reason: FinishReason
    usage: TokenUsage


ChatChunk = TextDelta | Finished


class ChatModel(Protocol):
    """The one interface of API models and hosted models."""

    def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        """Zero or more `TextDelta`, then exactly one `Finished`.

        Closing the iterator early cancels the call.

        Raises:
            ModelError: the call failed; `ModelTimeoutError` when the deadline passed.
        """
