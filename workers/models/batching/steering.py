from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection

from torch import Tensor

from workers.models.batching.grammar import Grammar
from workers.models.batching.sampling import Sampler
from workers.models.local_answer import LocalAnswer, Said

Encode = Callable[[str], list[int]]


class Steering:
    """Which token of one request comes next: the sampler's, unless a spent thinking budget or a grammar decides.

    A grammar is of the answer: thinking that comes before it is free. Whatever a row needs is in its own steering, so
    that rows know nothing of each other.

    Args:
        thinking_budget: tokens of thinking, after which the closing tag comes.
        thinks_with: the token that opens thinking, if it is one.
    """

    def __init__(
        self,
        sampler: Sampler,
        answer: LocalAnswer,
        *,
        encode: Encode,
        end_tokens: Collection[int],
        grammar: Grammar | None = None,
        thinking_budget: int | None = None,
        thinks_with: int | None = None,
    ) -> None:
        self._sampler = sampler
        self._answer = answer
        self._encode = encode
        self._end_tokens = end_tokens
        self._grammar = grammar
        self._budget = thinking_budget
        self._thinks_with = thinks_with
        self._closing: deque[int] = deque()
        self._answering = False
        self.thought = 0
        """Tokens of thinking so far. A tag counts for as long as it may still turn out to be text."""

    @property
    def ended(self) -> bool:
        return self._grammar is not None and self._answering and self._grammar.ended

    def choose(self, likeliest: int, logits: Tensor) -> int:
        """
        Raises:
            ModelError: the grammar cannot go on.
        """
        if not self._closing and self._answer.thinking and self._budget is not None and self.thought >= self._budget:
            self._close()
        if self._closing:
            return self._closing.popleft()
        token = self._pick(likeliest, logits)
        if self._grammar and self._answer.thinking and token in self._end_tokens:
            # There is no answer yet, and the grammar demands one.
            self._close()
            return self._closing.popleft()
        return token

    def said(self, token: int, text: str) -> Said:
        """Takes note of the token that came; what its text says."""
        if self._grammar is None or not self._answering:
            return self._freely_said(text)
        self._grammar.accept(token)
        return self._answer.answer(text)

    def said_last(self, text: str) -> Said:
        """What the text says that was held back for a token that never came."""
        if self._grammar is not None and self._answering:
            return self._answer.answer(text)
        return self._answer.push(text)

    def _pick(self, likeliest: int, logits: Tensor) -> int:
        if self._grammar is None or self._is_free(likeliest):
            return likeliest if self._sampler.takes_the_likeliest else self._sampler.pick(logits)
        self._answering = True
        return self._sampler.pick(self._grammar.masked(logits))

    def _is_free(self, likeliest: int) -> bool:
        return self._answer.thinking or (not self._answering and likeliest == self._thinks_with)

    def _freely_said(self, text: str) -> Said:
        before, forced = self._answer.thinking, bool(self._closing)
        said = self._answer.push(text) if self._grammar is None else self._answer.think(text)
        if before and self._answer.thinking and not forced:
            self.thought += 1
        return said

    def _close(self) -> None:
        self._closing.extend(self._encode(self._answer.rest_of_close))
