from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue

from ductape.types.messages import CalledFunction, ChatMessage, ToolCall
from ductape.types.runs import FinishReason, TokenUsage
from workers.models.base import ChatChunk, Finished, TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.errors import ModelAPIError


class _Answer(BaseModel):
    """Read by attribute, or like the dictionaries of the seed: `response.content`, `response["content"]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def __getitem__(self, name: str) -> Any:
        if name not in type(self).model_fields:
            raise KeyError(name)
        return _plain(getattr(self, name))

    def __contains__(self, name: object) -> bool:
        return name in type(self).model_fields

    def get(self, name: str, default: Any = None) -> Any:
        """As of a dictionary; its values are plain dictionaries and lists all the way down."""
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> list[str]:
        return list(type(self).model_fields)


class ResponseMetadata(_Answer):
    provider: str
    model: str
    """What the provider says that answered; else what was asked."""
    request_id: str = ""
    """The provider's own."""
    finish_reason: FinishReason
    response_time: float
    """Seconds from the first attempt to the end of the answer."""
    retry_attempts: int = 0


class HarmonizedResponse(_Answer):
    """One answer, whichever provider gave it, and however it travelled."""

    role: Literal["assistant"] = "assistant"
    content: str = ""
    thinking: str | None = None
    reasoning_details: list[JsonValue] = []
    """The provider's signed thinking; goes back unread with the next turn."""
    tool_calls: list[ToolCall] = []
    usage: TokenUsage
    metadata: ResponseMetadata

    def as_message(self) -> ChatMessage:
        """The answer as the next turn of the conversation takes it."""
        message: ChatMessage = {"role": self.role, "content": self.content}
        if self.tool_calls:
            message["tool_calls"] = self["tool_calls"]
        if self.reasoning_details:
            message["reasoning_details"] = self.reasoning_details
        return message


class ResponseChunk(_Answer):
    """A piece of an answer. The last one has no piece but the whole answer."""

    content: str = ""
    thinking: str = ""
    tool_call: ToolCallDelta | None = None
    response: HarmonizedResponse | None = None

    @classmethod
    def of(cls, chunk: ChatChunk) -> Self:
        match chunk:
            case TextDelta(text):
                return cls(content=text)
            case ThinkingDelta(text):
                return cls(thinking=text)
            case ToolCallDelta():
                return cls(tool_call=chunk)
        raise ValueError("the last chunk is made of the whole answer")


def gather(chunks: Iterable[ChatChunk], *, provider: str, model_name: str, seconds: float) -> HarmonizedResponse:
    """The answer that the chunks of one call make.

    Args:
        seconds: from the first attempt to now.

    Raises:
        ModelAPIError: the last chunk is missing.
    """
    text: list[str] = []
    thinking: list[str] = []
    calls: dict[int, list[ToolCallDelta]] = {}
    for chunk in chunks:
        match chunk:
            case TextDelta(piece):
                text.append(piece)
            case ThinkingDelta(piece):
                thinking.append(piece)
            case ToolCallDelta():
                calls.setdefault(chunk.index, []).append(chunk)
            case Finished():
                return HarmonizedResponse(
                    content="".join(text),
                    thinking="".join(thinking) or None,
                    reasoning_details=list(chunk.reasoning_details),
                    tool_calls=[_tool_call(calls[index]) for index in sorted(calls)],
                    usage=chunk.usage,
                    metadata=_metadata(chunk, provider, model_name, seconds),
                )
    raise ModelAPIError("the model's answer ended without saying why; try again", "incomplete", retryable=True)


def _metadata(finished: Finished, provider: str, model_name: str, seconds: float) -> ResponseMetadata:
    return ResponseMetadata(
        provider=provider,
        model=finished.model or model_name,
        request_id=finished.request_id,
        finish_reason=finished.finish_reason,
        response_time=seconds,
        retry_attempts=finished.retry_attempts,
    )


def _tool_call(pieces: list[ToolCallDelta]) -> ToolCall:
    arguments = "".join(piece.arguments for piece in pieces)
    # A tool without parameters is called with nothing at all by some; everybody expects an object.
    return ToolCall(id=pieces[0].id, function=CalledFunction(name=pieces[0].name, arguments=arguments or "{}"))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, ToolCallDelta):
        return asdict(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
