from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

from ductape.types.runs import FinishReason, TokenUsage
from workers.models.base import Finished, TextDelta
from workers.models.batching.sampling import Sampler
from workers.models.batching.text import Detokenizer, StopFilter
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.local import Emit


@dataclass(slots=True, eq=False)
class Row:
    """One request in the batch."""

    call_id: str
    prompt: list[int]
    max_tokens: int
    deadline: float
    """Unix time in seconds."""
    end_tokens: Collection[int]
    sampler: Sampler
    detokenizer: Detokenizer
    stop_filter: StopFilter
    emit: Emit
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
        self._say(self.stop_filter.push(self.detokenizer.push(token)))
        if self.stop_filter.stopped:
            return self.finish("stop")
        if len(self.generated) >= self.max_tokens:
            return self.finish("length")
        return None

    def finish(self, reason: FinishReason) -> None:
        rest = self.stop_filter.push(self.detokenizer.finish()) + self.stop_filter.finish()
        self._say(rest)
        self._end(Finished(reason, self._usage()))

    def fail(self, error: ModelError) -> None:
        self._end(error)

    def cancel(self) -> None:
        self._end(Finished("cancelled", self._usage()))

    def expire(self, now: float) -> None:
        if now >= self.deadline:
            self.fail(ModelTimeoutError("the deadline passed before the answer was complete"))

    def _say(self, text: str) -> None:
        if text:
            self.emit(TextDelta(text))

    def _end(self, outcome: Finished | ModelError) -> None:
        if self.ended:
            return
        self.ended = True
        # The listener may be what failed; the other rows must not notice.
        with suppress(Exception):
            self.emit(outcome)

    def _usage(self) -> TokenUsage:
        prompt, completion = len(self.prompt), len(self.generated)
        return TokenUsage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)
