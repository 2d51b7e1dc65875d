"""What a provider's own events or whole answer say, in our words; one reader for both, so that the two agree."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import orjson
from pydantic import JsonValue

from ductape.types.runs import FinishReason, TokenUsage
from workers.models.base import ChatChunk, Finished, TextDelta, ThinkingDelta
from workers.models.classification import classify
from workers.models.errors import ModelError
from workers.models.meanings import failure


class CodecAnswer(ABC):
    """Feed it events until `done`, or the whole, then ask for `finished`.

    Both readers may raise what a senseless shape raises (AttributeError, LookupError, TypeError, ValueError): the wire
    makes one error of them.
    """

    provider: ClassVar[str]

    def __init__(self) -> None:
        self.done = False
        self.finish_reason: FinishReason | None = None
        self.usage = TokenUsage()
        self.model = ""
        self.request_id = ""
        self.details: list[JsonValue] = []

    @abstractmethod
    def event(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        """Raises: ModelError: the provider reported an error in mid-answer."""

    @abstractmethod
    def whole(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        """The same for an answer that was not streamed."""

    def finished(self) -> Finished:
        """Raises: ModelError: the provider never said that the answer is whole."""
        if self.finish_reason is None:
            raise failure("stream_cut", self.provider)
        return Finished(self.finish_reason, self.usage, self.model, self.request_id, tuple(self.details))

    def reported(self, said: dict[str, Any]) -> ModelError:
        """The error that an event tells of."""
        return classify(self.provider, None, body=orjson.dumps(said))


def text_delta(text: object) -> Iterator[TextDelta]:
    if isinstance(text, str) and text:
        yield TextDelta(text)


def thinking_delta(text: object) -> Iterator[ThinkingDelta]:
    if isinstance(text, str) and text:
        yield ThinkingDelta(text)


def tokens(said: Mapping[str, Any], *names: str) -> int:
    """The sum of the counts that make sense."""
    return sum(_count(said.get(name)) for name in names)


def _count(value: object) -> int:
    # Cohere writes 5 as 5.0.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def usage(prompt: int, completion: int, cached: int, reasoning: int) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        cached_tokens=min(cached, prompt),
        reasoning_tokens=min(reasoning, completion),
    )
