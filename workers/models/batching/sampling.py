from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_LIKELY = 1024
"""Tokens looked at first for top_p: sorting a whole vocabulary costs ten times as much and is rarely needed."""


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    temperature: float = 1.0
    """0 picks the likeliest token, always."""
    top_p: float = 1.0
    top_k: int | None = None
    """Only so many of the likeliest tokens are drawn from."""
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None


class Sampler:
    """Picks the tokens of one request, untouched by the others in the batch: own settings, counts and randomness."""

    def __init__(self, settings: SamplingSettings) -> None:
        self._settings = settings
        self._counts: Tensor | None = None
        self._random: torch.Generator | None = None

    @property
    def takes_the_likeliest(self) -> bool:
        settings = self._settings
        return settings.temperature == 0 and not (settings.frequency_penalty or settings.presence_penalty)

    def pick(self, logits: Tensor) -> int:
        """The next token.

        Args:
            logits: one float per token of the vocabulary.
        """
        token = self._choose(self._penalised(logits.float()))
        if self._counts is not None:
            self._counts[token] += 1
        return token

    def _penalised(self, logits: Tensor) -> Tensor:
        frequency, presence = self._settings.frequency_penalty, self._settings.presence_penalty
        if not (frequency or presence):
            return logits
        if self._counts is None:
            self._counts = torch.zeros_like(logits)
        return logits - frequency * self._counts - presence * (self._counts > 0)

    def _choose(self, logits: Tensor) -> int:
        if self._settings.temperature == 0:
            return int(logits.argmax())
        if self._settings.top_k is not None and self._settings.top_k < len(logits):
            least = logits.topk(self._settings.top_k).values[-1]
            logits = logits.masked_fill(logits < least, float("-inf"))
        # The maximum first: a tiny temperature would otherwise overflow.
        probabilities = torch.softmax((logits - logits.max()) / self._settings.temperature, dim=-1, dtype=torch.float64)
        if self._settings.top_p >= 1:
            return self._draw(probabilities)
        likely, tokens = nucleus(probabilities, self._settings.top_p)
        return int(tokens[self._draw(likely)])

    def _draw(self, weights: Tensor) -> int:
        if not torch.isfinite(weights).all():
            raise FloatingPointError("the model gave no usable probabilities")
        sums = weights.cumsum(-1)
        point = torch.rand(1, generator=self._generator(weights.device), dtype=sums.dtype, device=sums.device)
        return int(torch.searchsorted(sums, point * sums[-1], right=True).clamp(max=len(sums) - 1))

    def _generator(self, device: torch.device) -> torch.Generator:
        if self._random is None:
            self._random = torch.Generator(device)
            if self._settings.seed is None:
                self._random.seed()
            else:
                self._random.manual_seed(self._settings.seed)
        return self._random


def nucleus(probabilities: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    """The fewest likeliest tokens that together reach `top_p`: their probabilities, descending, and their ids."""
    likely, tokens = probabilities.topk(min(_LIKELY, len(probabilities)))
    if likely.sum() < top_p:
        likely, tokens = probabilities.sort(descending=True)
    before = likely.cumsum(-1) - likely
    size = max(1, int((before < top_p).sum()))
    return likely[:size], tokens[:size]
