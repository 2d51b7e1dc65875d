from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, JsonValue, TypeAdapter, model_validator

from ductape.types.base import Input, Output
from ductape.types.config import ConfigOverrides, Reason, Resolved
from ductape.types.names import Slug, Tag

RunStatus = Literal[
    "queued", "running", "requires_action", "waiting_approval", "completed", "failed", "stopped", "timed_out"
]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "cancelled"]

RunInput = Annotated[str, Field(min_length=1, max_length=2_000_000)] | dict[str, JsonValue]


class RunCreate(Input):
    """One run of an agent, or of a bare model."""

    product: Tag
    env: Slug
    agent: Tag | None = None
    model: Tag | None = None
    input: RunInput
    """Text, or an object that reaches the model as JSON."""
    overrides: ConfigOverrides = Field(
        default_factory=ConfigOverrides,
        validation_alias=AliasChoices("model_config", "modelConfig"),
        serialization_alias="model_config",
    )
    stream: bool = False

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.agent is None) == (self.model is None):
            raise ValueError("give either `agent` or `model`")
        return self


class ResolveRequest(Input):
    """What would a run use?"""

    env: Slug
    overrides: ConfigOverrides = Field(
        default_factory=ConfigOverrides,
        validation_alias=AliasChoices("model_config", "modelConfig"),
        serialization_alias="model_config",
    )


class FallbackReadiness(Output):
    """Whether a run could fall back on a model. A run begins in any case, and passes over those that are not ready."""

    model: str
    ready: bool
    reason: Reason | None = None


class ReadinessItem(Output):
    kind: Literal["model", "agent"]
    tag: str
    ready: bool
    reason: Reason | None = None
    """Why it could not run: the first thing to mend."""
    fallbacks: list[FallbackReadiness] = []


class Readiness(Output):
    """Which models and agents of a product could run in an environment."""

    env: str
    ready: bool
    items: list[ReadinessItem]


class Message(Output):
    role: Literal["system", "user", "assistant"]
    content: str


class TokenUsage(Output):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt tokens, those that the provider had read before."""
    reasoning_tokens: int = 0
    """Of the completion tokens, those that were spent on thinking."""
    cost: Decimal | None = None
    """US dollars, exact; `None` where the price is not known."""


class Timing(Output):
    """Milliseconds."""

    total: float
    time_to_first_token: float | None = None


class RunError(Output):
    code: str
    message: str
    retryable: bool = False
    retry_after: float | None = None
    """Seconds to wait before another run is worth a try, where that is known."""


class ModelTried(Output):
    """A model that a run asked, or passed over."""

    model: str
    model_version: int | None = None
    key_version: int | None = None
    error: RunError | None = None
    """Why the next one was asked; `None`: it answered."""


class Run(Output):
    """What a run is, or was."""

    execution_id: str
    status: RunStatus
    stop_reason: str | None = None
    product: str
    env: str
    agent: str | None = None
    key_version: int | None = None
    """The version of the provider key that the call was made with; `None`: without a key."""
    attempt: int = 1
    """How often the call was made; more than once after the key was replaced in between."""
    output: str = ""
    iterations: int = 0
    token_usage: TokenUsage = TokenUsage()
    timing: Timing | None = None
    conversation_history: list[Message] = []
    resolved: Resolved
    models_tried: list[ModelTried] = []
    """In order. Only the last one can have answered."""
    error: RunError | None = None
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def run_id(self) -> str:
        return self.execution_id


class RunStarted(Output):
    type: Literal["run_started"] = "run_started"
    seq: int
    run: Run


class MessageDelta(Output):
    type: Literal["message_delta"] = "message_delta"
    seq: int
    text: str


class RunEnded(Output):
    type: Literal["run_ended"] = "run_ended"
    seq: int
    run: Run


RunEvent = Annotated[RunStarted | MessageDelta | RunEnded, Field(discriminator="type")]
run_event: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)
EVENT_TYPES = frozenset({"run_started", "message_delta", "run_ended"})
