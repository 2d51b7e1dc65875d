from __future__ import annotations

from collections.abc import Collection
from threading import Lock

import torch
from llguidance import LLMatcher, LLParserLimits, LLTokenizer
from llguidance.hf import from_tokenizer
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from workers.models.errors import ModelError

# Without the parser's state in its errors: they reach the log.
_LIMITS = LLParserLimits(verbose_errors=False)


class Grammar:
    """What the answer of one request may look like; knows which tokens may come next."""

    def __init__(self, matcher: LLMatcher) -> None:
        self._matcher = matcher

    @property
    def ended(self) -> bool:
        """The answer is whole, and nothing may follow."""
        return self._matcher.is_stopped()

    def masked(self, logits: Tensor) -> Tensor:
        """The logits, minus infinity for every token that may not come next.

        Raises:
            ModelError: `grammar_too_complex`.
        """
        allowed = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8)
        self._check()
        barred = torch.ones(len(logits), dtype=torch.bool)
        barred[: len(allowed)] = allowed[: len(logits)] == 0
        return logits.masked_fill(barred.to(logits.device), float("-inf"))

    def accept(self, token: int) -> None:
        """Raises: ModelError: `grammar_too_complex`."""
        self._matcher.consume_token(token)
        self._check()

    def _check(self) -> None:
        if self._matcher.is_error():
            message = "the JSON schema asks for more than can be enforced while generating; make it simpler"
            raise ModelError(message, "grammar_too_complex")


class GrammarCompiler:
    """Makes grammars for one tokenizer.

    Args:
        vocabulary: size of the model's output.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, vocabulary: int, end_tokens: Collection[int]) -> None:
        self._source = tokenizer
        self._size = max(vocabulary, len(tokenizer))
        self._end_tokens = sorted(end_tokens)
        self._tokenizer: LLTokenizer | None = None
        self._lock = Lock()

    def compile(self, lark: str) -> Grammar:
        """
        Raises:
            ModelError: `unsupported_schema`, or the tokenizer is of a kind that grammars cannot be made for.
        """
        matcher = LLMatcher(self._read_tokenizer(), LLMatcher.grammar_from_lark(lark), log_level=0, limits=_LIMITS)
        if matcher.is_error():
            reason = matcher.get_error().partition("JSON schema: ")[2].partition("\n")[0][:200]
            message = f"the JSON schema cannot be enforced: {reason or 'it is too complex'}; leave that out of it"
            raise ModelError(message, "unsupported_schema")
        return Grammar(matcher)

    def _read_tokenizer(self) -> LLTokenizer:
        # Takes a second with a large vocabulary, so not before the first grammar.
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = self._new_tokenizer()
            return self._tokenizer

    def _new_tokenizer(self) -> LLTokenizer:
        try:
            return from_tokenizer(self._source, n_vocab=self._size, eos_token=self._end_tokens)  # type: ignore[arg-type]
        except ValueError:
            message = "the tokenizer of this model is too old to have its answers constrained; use another model"
            raise ModelError(message, "unsupported_setting") from None
