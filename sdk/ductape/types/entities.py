from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from ductape.types.answers import Deleted
from ductape.types.base import Input, Output
from ductape.types.config import ConfigOverrides, Limit, LimitedSetting, LockedSetting
from ductape.types.fallbacks import Fallback
from ductape.types.names import Description, Name, Provider, Slug, Tag
from ductape.types.versions import ChangeMessage


class EnvironmentInput(Input):
    slug: Slug
    name: Name | None = None
    description: Description = ""
    active: bool = True


class EnvironmentUpdate(Input):
    name: Name | None = None
    description: Description | None = None
    active: bool | None = None


class ProductCreate(Input):
    name: Name
    tag: Tag | None = None
    """Derived from the name unless given. Immutable."""
    description: Description = ""
    envs: list[EnvironmentInput] | None = None
    """dev, stg and prd unless given."""


class ProductUpdate(Input):
    name: Name | None = None
    description: Description | None = None


ToolParser = Literal["hermes", "llama3_json", "mistral", "qwen", "pythonic"]


class LocalSettings(Input):
    """How a host loads a local model.

    Source: seed marsys-models-api, ModelConfig, Local model settings.
    """

    model_class: Literal["llm", "vlm"] = "llm"
    backend: Literal["huggingface", "vllm"] = "huggingface"
    torch_dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    device_map: str = "auto"
    tensor_parallel_size: int = Field(default=1, ge=1)
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    quantization: Literal["awq", "gptq", "fp8"] | None = None
    tool_parser: ToolParser | None = None
    """How the model writes tool calls; found by its chat template unless given."""


class ModelEnvInput(Input):
    """One environment of a model. On update only what is given changes."""

    slug: Slug
    sealed_api_key: str | None = Field(default=None, max_length=70_000)
    """`dseal1...`, sealed by the caller; the server refuses plaintext."""
    key_hint: str = Field(default="", pattern=r"^[!-)+-~]{0,4}$")
    """The last characters of the key, for people to tell keys apart."""
    base_url: str | None = Field(default=None, max_length=2000)
    active: bool | None = None
    description: Description | None = None
    remove: bool = False


class ModelCreate(ConfigOverrides):
    tag: Tag
    name: Name
    description: Description = ""
    provider: Provider
    model: Name
    """The provider's own name of the model, or a Hugging Face id for `local`."""
    local: LocalSettings | None = None
    limits: dict[LimitedSetting, Limit] = {}
    """What any layer may make of a setting; a value beyond it is refused, never clamped."""
    locks: list[LockedSetting] = []
    """Settings that no layer above the model may change."""
    fallback: Fallback | None = None
    """Models that answer in place of this one when it fails."""
    envs: list[ModelEnvInput]
    message: ChangeMessage = ""
    """Why; kept with the version."""

    @model_validator(mode="after")
    def _local_settings_belong_to_local(self) -> Self:
        if self.local is not None and self.provider != "local":
            raise ValueError("`local` settings go with provider 'local' only")
        return self


class ModelUpdate(ConfigOverrides):
    name: Name | None = None
    description: Description | None = None
    provider: Provider | None = None
    model: Name | None = None
    local: LocalSettings | None = None
    limits: dict[LimitedSetting, Limit] | None = None
    locks: list[LockedSetting] | None = None
    fallback: Fallback | None = None
    """`None` takes it away."""
    envs: list[ModelEnvInput] | None = None
    """Merged by slug; what is not named stays."""
    message: ChangeMessage = ""


class Environment(Output):
    slug: str
    name: str
    description: str
    active: bool
    created_at: datetime
    updated_at: datetime


class Product(Output):
    id: str
    tag: str
    name: str
    description: str
    envs: list[Environment]
    created_at: datetime
    updated_at: datetime


class ProductDeleted(Deleted):
    contents: dict[str, int] = {}
    """How many models, agents and runs went with it."""


class SealingKeyRotate(Input):
    grace_minutes: int = Field(default=10, ge=0, le=60)
    """How long seals to the key before are still taken, for clients that have fetched it."""


class RetiringKey(Output):
    """A key pair before the present one."""

    pk_id: str
    taken_until: datetime | None
    """Until then, seals to it are still taken."""
    needed_by: int
    """Provider keys that are still sealed to it; at 0 and past its time it is destroyed."""


class SealingKey(Output):
    """The public half of a product's key pair, and what a seal is bound to."""

    installation: str
    product_id: str
    pk_id: str
    public_key: str
    """X25519, 32 bytes, URL-safe base64 without padding."""
    fingerprint: str
    retiring: list[RetiringKey] = []


class ApiKeyStatus(Output):
    """All that is ever shown of a provider key."""

    set: bool
    hint: str = ""
    version: int | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None


class ModelEnv(Output):
    slug: str
    base_url: str | None
    active: bool
    description: str
    api_key: ApiKeyStatus


class Model(Output):
    id: str
    tag: str
    name: str
    description: str
    provider: str
    model: str
    settings: dict[str, object]
    """What the entity says about the settings; unset ones are absent."""
    local: dict[str, object] | None
    limits: dict[str, Limit] = {}
    locks: list[str] = []
    fallback: dict[str, list[str]] | None = None
    envs: list[ModelEnv]
    version: int
    created_at: datetime
    updated_at: datetime
