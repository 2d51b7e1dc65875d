from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from ductape.types.base import Input, Output

StopSequence = Annotated[str, StringConstraints(min_length=1, max_length=200)]

DEFAULT_TEMPERATURE = 0.7
"""The model entity's temperature unless it says otherwise (seed: ductape-llm-models, Configuration Options)."""

Layer = Literal["termination", "runtime", "agent_env", "agent", "model", "default"]
"""Who may set a value, highest first. `default` is the product's own word where nobody said anything. `termination` is
where the agent's runs end: it only ever lowers what the others say."""


class ConfigOverrides(Input):
    """What one layer says about the settings of a call. An unset field says nothing; `None` says "send nothing".

    Source: seed ductape-llm-models, Available Overrides; the fields after `timeout` are ours.
    """

    temperature: float | None = Field(default=None, ge=0, le=2)
    """Sampling temperature."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Maximum tokens in the response."""
    top_p: float | None = Field(default=None, ge=0, le=1)
    """Nucleus sampling: the probability mass to sample from."""
    stop_sequences: list[StopSequence] | None = Field(default=None, max_length=16)
    """Texts that end the answer; they are not part of it. A list replaces the lower layer's list."""
    timeout: int | None = Field(default=None, ge=1, le=3_600_000)
    """Milliseconds for the whole call, first byte to last."""
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    """Makes sampling repeatable where the provider allows it."""
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None
    thinking_budget: int | None = Field(default=None, ge=0)
    """Tokens that a thinking model may spend before it answers."""
    response_format: dict[str, JsonValue] | None = None
    """JSON mode or a JSON schema, in OpenAI's shape."""
    parameters: dict[str, JsonValue] | None = None
    """Provider-specific parameters, checked against the provider's allow-list."""

    def said(self) -> dict[str, JsonValue]:
        """Only what this layer says, explicit `None` included."""
        return self.model_dump(mode="json", exclude_unset=True, include=set(ConfigOverrides.model_fields))


LimitedSetting = Literal[
    "temperature",
    "max_tokens",
    "top_p",
    "timeout",
    "frequency_penalty",
    "presence_penalty",
    "thinking_budget",
]
LockedSetting = LimitedSetting | Literal["stop_sequences", "seed", "reasoning_effort", "response_format", "parameters"]


class Limit(Input):
    """What a value may be. A limited setting must have a value: "send nothing" would leave it to the provider."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        return self


class LimitBy(Output):
    """A limit, and the layer that set it."""

    layer: Layer
    min: float | None = None
    max: float | None = None


class Beaten(Output):
    """A value that lost, and the layer that had set it."""

    layer: Layer
    value: JsonValue


class ResolvedSetting(Output):
    value: JsonValue
    layer: Layer
    beat: list[Beaten] = []


class Reason(Output):
    code: str
    message: str


class Resolved(Output):
    """What a call really uses, and why."""

    model: str
    """Tag of the model. Of an inline one: of the model whose key it uses, or empty."""
    inline: bool = False
    """The agent describes the model itself."""
    provider: str
    model_name: str
    """The provider's own name of the model."""
    env: str
    settings: dict[str, ResolvedSetting]
    limits: dict[str, list[LimitBy]] = {}
    locks: dict[str, Layer] = {}
    """Settings that no layer above the named one may change."""
    dropped: list[str] = []
    """Settings that this provider cannot take: never sent, never silently lost."""
    fallbacks: list[ResolvedFallback] = []
    """Who is asked in turn when this model fails."""

    def values(self) -> dict[str, JsonValue]:
        """The settings to send: resolved, not dropped, and not switched off with `None`."""
        return {
            name: setting.value
            for name, setting in self.settings.items()
            if setting.value is not None and name not in self.dropped
        }


class ResolvedFallback(Output):
    """What a call uses when it falls back on a model, or why it passes over it."""

    model: str
    resolved: Resolved | None = None
    reason: Reason | None = None
