from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypedDict

from ductape.types.config import ConfigOverrides

ModelConfigLike: TypeAlias = ConfigOverrides | Mapping[str, Any]
"""`model_config=` of agents and runs: a ConfigOverrides, or a dictionary in snake_case or camelCase."""


class Overrides(TypedDict, total=False):
    """The settings of a model as keyword arguments; ConfigOverrides says what each means."""

    temperature: float | None
    max_tokens: int | None
    top_p: float | None
    stop_sequences: list[str] | None
    timeout: int | None
    frequency_penalty: float | None
    presence_penalty: float | None
    seed: int | None
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None
    thinking_budget: int | None
    response_format: dict[str, Any] | None
    parameters: dict[str, Any] | None
