"""Which provider is reached how. Plain data, importable without any network library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from workers.models.errors import ModelError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from workers.models.base import ChatModel
    from workers.models.egress import Egress

_OPENAI = "workers.models.wires.openai:OpenAIWire"
_SAMPLING = frozenset({"temperature", "max_tokens", "top_p", "stop_sequences", "timeout"})
_PENALTIES = frozenset({"frequency_penalty", "presence_penalty"})
_OPENAI_SETTINGS = _SAMPLING | _PENALTIES | {"seed", "reasoning_effort", "response_format"}


@dataclass(frozen=True, slots=True)
class ProviderRow:
    supported: frozenset[str]
    """Names of the settings that the provider takes; all others are dropped before a call, and shown as such."""
    wire: str | None = None
    """`module:class`; `None` where no wire reaches the provider."""
    default_base_url: str | None = None
    needs_key: bool = True
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Settings that the provider knows under another name than its fellows."""


PROVIDERS: Mapping[str, ProviderRow] = {
    # OpenAI's reasoning models refuse `max_tokens`; all of its models take the newer name.
    "openai": ProviderRow(
        _OPENAI_SETTINGS, _OPENAI, "https://api.openai.com/v1", renamed={"max_tokens": "max_completion_tokens"}
    ),
    "openrouter": ProviderRow(_OPENAI_SETTINGS, _OPENAI, "https://openrouter.ai/api/v1"),
    "xai": ProviderRow(_OPENAI_SETTINGS, _OPENAI, "https://api.x.ai/v1"),
    "custom": ProviderRow(_OPENAI_SETTINGS, _OPENAI, needs_key=False),
    "anthropic": ProviderRow(_SAMPLING | {"thinking_budget"}),
    "google": ProviderRow(_SAMPLING | _PENALTIES | {"seed", "response_format", "thinking_budget"}),
    "cohere": ProviderRow(_SAMPLING | _PENALTIES | {"seed", "response_format"}),
    "local": ProviderRow(_SAMPLING | _PENALTIES | {"seed"}, needs_key=False),
}


def wire_for(
    provider: str, *, model_name: str, base_url: str | None, api_key: SecretStr | None, egress: Egress
) -> ChatModel:
    """The model behind a provider.

    Args:
        base_url: the provider's own unless given.

    Raises:
        ModelError: no wire reaches the provider, or the key or base URL that it needs is missing or unusable.
    """
    row = PROVIDERS.get(provider)
    if row is None or row.wire is None:
        served = ", ".join(name for name, row in PROVIDERS.items() if row.wire)
        message = f"this release serves {served} and local models, not {provider!r}"
        raise ModelError(message, "provider_not_available")
    if row.needs_key and api_key is None:
        raise ModelError(f"{provider} needs an API key; set one for this environment", "missing_api_key")
    url = base_url or row.default_base_url
    if url is None:
        raise ModelError(f"{provider} needs a base_url; set one for this environment", "missing_base_url")
    module, _, name = row.wire.partition(":")
    model: ChatModel = getattr(import_module(module), name)(url, api_key, model_name, egress, row.renamed)
    return model
