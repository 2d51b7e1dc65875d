"""Which models answer in place of one that cannot."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ductape.types.base import Input
from ductape.types.names import Tag

FallbackCondition = Literal[
    "retryable",
    "timeout",
    "circuit_open",
    "context_length_exceeded",
    "rate_limit",
    "service_unavailable",
    "network_error",
    "insufficient_credits",
    "authentication_failed",
    "permission_denied",
    "invalid_model",
    "refusal",
]
"""The code of an error, or `retryable`: any that another try may mend."""


class Fallback(Input):
    """Models to ask in turn when this one fails before its answer begins."""

    models: list[Tag] = Field(min_length=1, max_length=3)
    """Tags in the same product. They may not exist yet: checked at run. Their own fallbacks are not followed."""
    when: list[FallbackCondition] = Field(default=["retryable", "timeout", "circuit_open"], min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.models)) < len(self.models):
            raise ValueError("name each model once")
        return self
