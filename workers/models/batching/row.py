from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

from torch import Tensor

from ductape.types.runs import FinishReason, TokenUsage
from workers.models.base import Finished
from workers.models.batching.steering import Steering
from workers.models.batching.text import Detokenizer
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.local import Emit
from workers.models.local_answer import LocalAnswer, Said


@dataclass(slots=True, eq=False)
class Row:
    """One request in the batch."""

    call_id: str
    prompt: list[int]
    max_tokens: int
    deadline: float
    """Unix time in seconds."""
    end_tokens: Collection[int]
    steering: Steering
    detokenizer: Detokenizer
    answer: LocalAnswer
    emit: Emit
    embeddings: Tensor | None = None
    """(prompt, width), where not every token of the prompt is one of the vocabulary."""
    generated: list[int] = field(default_factory=list)
    ended: bool = False

    @property
    def longest(self) -> int:
        """Tokens that the row may come to hold."""
        return len(self.prompt) + self.max_tokens

    def accept(self, token: int) -> None:
        """Takes the next token: says its text, and ends the row where it ends."""
        self.generated.append(token)
        if token in self.end_tokens:
            return self.finish("stop")
        self._say(self.steering.said(token, self.detokenizer.push(token)))
        if self.answer.stopped or self.steering.ended:
            return self.finish("stop")
        if len(self.generated) >= self.max_tokens:
            return self.finish("length")
        return None

    def finish(self, reason: FinishReason) -> None:
        self._say(self.steering.said_last(self.detokenizer.finish()))
        self._say(self.answer.finish())
        called = reason == "stop" and self.answer.calls_tools
        self._end(Finished("tool_calls" if called else reason, self._usage()))

    def fail(self, error: ModelError) -> None:
        self._end(error)

    def cancel(self) -> None:
        self._end(Finished("cancelled", self._usage()))

    def expire(self, now: float) -> None:
        if now >= self.deadline:
            self.fail(ModelTimeoutError("the deadline passed before the answer was complete"))

    def _say(self, said: Said) -> None:
        for delta in said:
            self.emit(delta)

    def _end(self, outcome: Finished | ModelError) -> None:
        if self.ended:
            return
        self.ended = True
        # The listener may be what failed; the other rows must not notice.
        with suppress(Exception):
            self.emit(outcome)

    def _usage(self) -> TokenUsage:
        prompt, completion = len(self.prompt), len(self.generated)
        return TokenUsage(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=prompt + completion,
            reasoning_tokens=self.steering.thought,
        )
