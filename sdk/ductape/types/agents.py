from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import (
    AliasChoices,
    Field,
    Strict,
    StringConstraints,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from ductape.types.base import Input, Output
from ductape.types.config import ConfigOverrides, Limit, LimitedSetting, LockedSetting
from ductape.types.entities import LocalSettings
from ductape.types.names import Description, Name, Provider, Slug, Tag
from ductape.types.tools import PublicUrl, Tool
from ductape.types.versions import ChangeMessage


class InlineModel(ConfigOverrides):
    """A model that an agent describes itself, in the place of a registered one. It has neither key nor address.

    Source: seed ductape-llm-models, Why Use Model Tags; `key_from` is ours, in the place of a key.
    """

    provider: Provider
    model: Name
    """The provider's own name of the model, or a Hugging Face id for `local`."""
    key_from: Tag | None = None
    """Tag of a registered model of the same provider: calls go to its address with its key, within its limits and
    locks. Every provider but `local` needs one."""
    local: LocalSettings | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.provider == "local" and self.key_from is not None:
            raise ValueError("a local model has no key: leave `key_from` out")
        if self.provider != "local" and self.local is not None:
            raise ValueError("`local` settings go with provider 'local' only")
        if self.provider != "local" and self.key_from is None:
            raise ValueError("give `key_from`: the tag of a registered model of this provider, whose key it uses")
        return self


_tag: TypeAdapter[str] = TypeAdapter(Annotated[Tag, Strict()])


def _one_kind(given: object, _: ValidatorFunctionWrapHandler) -> str | InlineModel:
    # Of a plain union an error would name both kinds, and neither where the caller meant it.
    return InlineModel.model_validate(given) if isinstance(given, dict | InlineModel) else _tag.validate_python(given)


AnyModel: TypeAlias = Annotated[Tag | InlineModel, WrapValidator(_one_kind)]
"""The tag of a model in the same product, or an inline one."""


class Termination(Input):
    """When a run of the agent ends at the latest.

    Source: notes on the original, Termination.
    """

    max_iterations: int | None = Field(default=None, ge=1, le=1000)
    """Calls of the model."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Tokens that all answers of a run may have together."""
    timeout: int | None = Field(default=None, ge=1, le=3_600_000)
    """Milliseconds for the whole run."""


class ShortTermMemory(Input):
    max_messages: int = Field(default=50, ge=1, le=10_000)
    truncation_strategy: Literal["fifo", "sliding_window", "summarize"] = "summarize"
    include_tool_results: bool = True
    summarize_after: int | None = Field(default=None, ge=1, le=10_000)
    """Messages."""


class LongTermMemory(Input):
    enabled: bool = False
    vector_store: Tag | None = None
    retrieve_top_k: int = Field(default=5, ge=1, le=100)
    min_similarity: float = Field(default=0.7, ge=0, le=1)
    auto_store: bool = False
    namespace: Name | None = None


class Memory(Input):
    """What the agent keeps between runs.

    Source: notes on the original, Memory.
    """

    short_term: ShortTermMemory | None = None
    long_term: LongTermMemory | None = None


class HumanInLoop(Input):
    """What a person approves.

    Source: notes on the original, Human in the loop.
    """

    enabled: bool = False
    always_require_approval: list[Tag] = Field(default=[], max_length=128)
    """Tags of tools, beside those that say `requires_confirmation`."""
    approval_timeout: int = Field(default=300_000, ge=1, le=604_800_000)
    """Milliseconds until an unanswered request counts as rejected."""
    approval_webhook: PublicUrl | None = None


class AgentEnvInput(Input):
    slug: Slug
    active: bool = True
    model: AnyModel | None = None
    """Another model to use in this environment."""
    limits: dict[LimitedSetting, Limit] = {}
    locks: list[LockedSetting] = []
    """Settings that a run may not change in this environment."""
    overrides: ConfigOverrides = Field(
        default_factory=ConfigOverrides,
        validation_alias=AliasChoices("model_config", "modelConfig"),
        serialization_alias="model_config",
    )


class AgentDefine(Input):
    tag: Tag
    name: Name | None = None
    description: Description = ""
    model: AnyModel
    """Tag of a model in the same product, or an inline model. A model may not exist yet: checked at run."""
    overrides: ConfigOverrides = Field(
        default_factory=ConfigOverrides,
        validation_alias=AliasChoices("model_config", "modelConfig"),
        serialization_alias="model_config",
    )
    system_prompt: Annotated[str, StringConstraints(max_length=200_000)] = ""
    tools: list[Tool] = Field(default=[], max_length=128)
    envs: list[AgentEnvInput] = []
    termination: Termination = Termination()
    memory: Memory = Memory()
    human_in_loop: HumanInLoop = HumanInLoop()
    message: ChangeMessage = ""
    """Why; kept with the version."""

    @model_validator(mode="after")
    def _tools_fit_together(self) -> Self:
        tags = [tool.tag for tool in self.tools]
        if len(set(tags)) < len(tags):
            raise ValueError("tools: two of them have the same tag")
        if f"agent:{self.tag}" in {tool.handler_ref for tool in self.tools}:
            raise ValueError("tools: an agent cannot be a tool of its own")
        unknown = sorted(set(self.human_in_loop.always_require_approval) - set(tags))
        if unknown:
            raise ValueError(f"human_in_loop.always_require_approval: there is no tool {unknown[0]!r}")
        return self


class AgentEnv(Output):
    slug: str
    active: bool
    model: str | dict[str, object] | None = None
    limits: dict[str, Limit] = {}
    locks: list[str] = []
    overrides: dict[str, object] = Field(validation_alias="model_config", serialization_alias="model_config")


class Agent(Output):
    """What was said of an agent; what was left out is absent, or empty."""

    id: str
    tag: str
    name: str
    description: str
    model: str | dict[str, object]
    """Tag of its model, or its inline model."""
    overrides: dict[str, object] = Field(validation_alias="model_config", serialization_alias="model_config")
    system_prompt: str
    tools: list[dict[str, object]] = []
    termination: dict[str, object] = {}
    memory: dict[str, object] = {}
    human_in_loop: dict[str, object] = {}
    envs: list[AgentEnv]
    version: int
    warnings: list[str] = []
    created_at: datetime
    updated_at: datetime
