from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

from workers.models.environment_keys import environment_key
from workers.models.reasoning import has_fixed_temperature, thinks
from workers.models.wires import PROVIDERS

_SENT_WHEN_SET = (
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "temperature",
    "thinking_budget",
    "reasoning_effort",
    "parameters",
)


class ModelConfig(BaseModel):
    """All there is to say about a model, wherever it runs. Source: seed marsys-models-api, ModelConfig.

    Raises:
        pydantic.ValidationError: a value is out of range, or a name is not one of these. It shows no value.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, protected_namespaces=())

    type: Literal["local", "api"]
    name: str = Field(min_length=1)
    """The provider's own name of the model, or a Hugging Face id."""

    provider: str | None = None
    """A row of `PROVIDERS`; `custom` where only a base URL is given."""
    base_url: str | None = None
    """The provider's own unless given."""
    api_key: SecretStr | None = None
    """Out of the provider's environment variable unless given; see `environment_keys`."""

    max_tokens: int = Field(default=8192, ge=1)
    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=1.0, ge=0, le=1)
    frequency_penalty: float = Field(default=0.0, ge=-2, le=2)
    presence_penalty: float = Field(default=0.0, ge=-2, le=2)

    thinking_budget: int | None = Field(default=1024, ge=0)
    """Tokens. The default is only for models that are known to think."""
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = "low"
    """The default is only for models that are known to think."""

    model_class: Literal["llm", "vlm"] | None = None
    """Of a local model, and required there."""
    backend: Literal["huggingface", "vllm"] | None = "huggingface"
    torch_dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    device_map: str = "auto"
    tensor_parallel_size: int | None = Field(default=1, ge=1)
    """GPUs; vLLM only."""
    gpu_memory_utilization: float | None = Field(default=0.9, gt=0, le=1)
    """Fraction of a GPU; vLLM only."""
    quantization: Literal["awq", "gptq", "fp8"] | None = None

    parameters: dict[str, JsonValue] = {}
    """What the provider alone knows, by its allow-list."""

    @classmethod
    def from_stored(cls, stored: dict[str, Any], api_key: SecretStr | None = None) -> Self:
        """What `stored` gave, and the key that it left out."""
        return cls.model_validate({**stored, "api_key": api_key})

    def stored(self) -> dict[str, Any]:
        """JSON for a table or a file: what was said, without the key."""
        return self.model_dump(mode="json", exclude={"api_key"}, exclude_unset=True)

    def settings(self) -> dict[str, Any]:
        """What a call of this model sends, under the names of `ConfigOverrides`."""
        said = {name: getattr(self, name) for name in _SENT_WHEN_SET if self._was_set(name)}
        sent = {"max_tokens": self.max_tokens, **self._defaults(), **said}
        return {name: value for name, value in sent.items() if value is not None}

    def _defaults(self) -> dict[str, JsonValue]:
        provider = self.provider or ""
        defaults: dict[str, JsonValue] = {}
        if thinks(provider, self.name, "reasoning_effort"):
            defaults["reasoning_effort"] = self.reasoning_effort
        # Where a temperature was asked for, a default must not make the provider refuse it.
        fixed = has_fixed_temperature(provider, self.name)
        room = self.thinking_budget is not None and self.thinking_budget < self.max_tokens
        if thinks(provider, self.name, "thinking_budget") and room and not (fixed and self._was_set("temperature")):
            defaults["thinking_budget"] = self.thinking_budget
        if not fixed:
            defaults["temperature"] = self.temperature
        return defaults

    def _was_set(self, name: str) -> bool:
        return name in self.model_fields_set and getattr(self, name) is not None

    @model_validator(mode="after")
    def _local_has_a_class(self) -> Self:
        if self.type == "local" and self.model_class is None:
            raise ValueError("a local model needs model_class: 'llm' or 'vlm'")
        return self

    @model_validator(mode="after")
    def _api_has_an_address(self) -> Self:
        if self.type == "local":
            return self
        if self.provider is None and self.base_url is None:
            raise ValueError("an API model needs a provider or a base_url")
        self.provider = self.provider or "custom"
        row = PROVIDERS.get(self.provider)
        if row is None or self.provider == "local":
            raise ValueError(f"provider must be one of {', '.join(name for name in PROVIDERS if name != 'local')}")
        self.base_url = self.base_url or row.default_base_url
        if self.api_key is None:
            self.api_key = environment_key(self.provider, self.base_url)
        return self

    @model_validator(mode="after")
    def _thinking_leaves_room_for_an_answer(self) -> Self:
        if self._was_set("thinking_budget") and (self.thinking_budget or 0) >= self.max_tokens:
            raise ValueError("thinking_budget must be below max_tokens")
        return self
