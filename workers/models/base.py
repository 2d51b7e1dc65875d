from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pydantic import JsonValue

from ductape.types.messages import ChatMessage, ToolChoice, ToolDefinition
from ductape.types.runs import FinishReason, TokenUsage


@dataclass(frozen=True, slots=True)
class ChatCall:
    """One call of a chat model, whatever serves it."""

    call_id: str
    """Unique per attempt; a host runs a call id once, however often it is delivered."""
    messages: list[ChatMessage]
    settings: dict[str, JsonValue]
    """Resolved settings under the names of `ConfigOverrides`; what is absent is not sent."""
    deadline: float
    """Unix time in seconds after which nobody waits for the answer any more."""
    tools: tuple[ToolDefinition, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    streamed: bool = True
    """False: nobody looks before the end, so the answer may come in one piece."""
    begin_by: float | None = None
    """Unix time in seconds by which the answer has to have begun, because somebody else is waiting to give it."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """A piece of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call. The first one of an index has the id and the name; arguments add up."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The last chunk of every call that did not raise."""

    finish_reason: FinishReason
    usage: TokenUsage
    model: str = ""
    """What the provider says that answered."""
    request_id: str = ""
    """The provider's own, for its support."""
    reasoning_details: tuple[JsonValue, ...] = ()
    """The provider's signed thinking, to be sent back unread with the next turn."""
    retry_attempts: int = 0
    """How many times the call was made again before this answer."""


ChatChunk: TypeAlias = TextDelta | ThinkingDelta | ToolCallDelta | Finished


class ChatModel(Protocol):
    """The one interface of API models and hosted models."""

    def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        """Zero or more deltas, then exactly one `Finished`.

        Closing the iterator early cancels the call.

        Raises:
            ModelError: the call failed; `ModelTimeoutError` when the deadline passed.
        """
