"""Which provider is reached how. Plain data, importable without any network library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

from workers.models.errors import ModelError

if TYPE_CHECKING:
    from pydantic import JsonValue, SecretStr

    from workers.models.base import ChatModel
    from workers.models.egress import Egress

_OPENAI = "workers.models.wires.openai:OpenAIWire"
_SAMPLING = frozenset({"temperature", "max_tokens", "top_p", "stop_sequences", "timeout"})
_PENALTIES = frozenset({"frequency_penalty", "presence_penalty"})
_OPENAI_SETTINGS = _SAMPLING | _PENALTIES | {"seed", "reasoning_effort", "response_format", "parameters"}
# Not among them: what costs more than the price table knows, and what makes the provider keep the conversation.
_OPENAI_PARAMETERS = frozenset({"logit_bias", "logprobs", "top_logprobs", "user", "verbosity"})
# What a custom server takes is its own affair; these would change who is called, what comes back, or get around limits.
_NEVER_PARAMETERS = frozenset(
    {"api_base", "api_key", "base_url", "callbacks", "custom_llm_provider", "extra_body", "extra_headers", "fallbacks"}
    | {"audio", "best_of", "extra_query", "headers", "messages", "mock_response", "modalities", "model", "n"}
    | {"function_call", "functions", "parallel_tool_calls", "stream", "stream_options", "tool_choice", "tools"}
    | {"frequency_penalty", "max_completion_tokens", "max_tokens", "presence_penalty", "reasoning_effort"}
    | {"response_format", "seed", "stop", "temperature", "timeout", "top_p"}
)
_PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class ProviderRow:
    supported: frozenset[str]
    """Names of the settings that the provider takes; all others are dropped before a call, and shown as such."""
    wire: str | None = None
    """`module:class`; `None` where no wire reaches the provider."""
    default_base_url: str | None = None
    needs_key: bool = True
    key_variable: str | None = None
    """The environment variable that a library user keeps the key in."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Settings that the provider knows under another name than its fellows."""
    parameters: frozenset[str] = frozenset()
    """What `parameters` may name."""


PROVIDERS: Mapping[str, ProviderRow] = {
    "openai": ProviderRow(
        _OPENAI_SETTINGS,
        _OPENAI,
        "https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
        # OpenAI's reasoning models refuse `max_tokens`; all of its models take the newer name.
        renamed={"max_tokens": "max_completion_tokens"},
        parameters=_OPENAI_PARAMETERS,
    ),
    "openrouter": ProviderRow(
        _OPENAI_SETTINGS,
        _OPENAI,
        "https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        parameters=_OPENAI_PARAMETERS | {"top_k", "min_p", "top_a", "repetition_penalty", "transforms"},
    ),
    "xai": ProviderRow(
        _OPENAI_SETTINGS,
        _OPENAI,
        "https://api.x.ai/v1",
        key_variable="XAI_API_KEY",
        parameters=_OPENAI_PARAMETERS,
    ),
    "custom": ProviderRow(_OPENAI_SETTINGS, _OPENAI, needs_key=False),
    "anthropic": ProviderRow(_SAMPLING | {"thinking_budget"}, key_variable="ANTHROPIC_API_KEY"),
    "google": ProviderRow(
        _SAMPLING | _PENALTIES | {"seed", "response_format", "thinking_budget"}, key_variable="GOOGLE_API_KEY"
    ),
    "cohere": ProviderRow(_SAMPLING | _PENALTIES | {"seed", "response_format"}, key_variable="COHERE_API_KEY"),
    "local": ProviderRow(
        _SAMPLING | _PENALTIES | {"seed", "response_format", "thinking_budget", "parameters"},
        needs_key=False,
        parameters=frozenset({"top_k"}),
    ),
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
    model: ChatModel = getattr(import_module(module), name)(url, api_key, model_name, egress, provider)
    return model


def allowed_parameters(provider: str, parameters: object) -> dict[str, JsonValue]:
    """The `parameters` of a call as they may be sent; none is ever left out.

    Raises:
        ModelError: `unsupported_parameter`: the provider takes none of that name, or it is not for callers to set.
    """
    given = cast("dict[str, JsonValue]", parameters or {})
    for name in given:
        if not _takes(provider, name):
            shown = name if _PARAMETER_NAME.fullmatch(name) else "one with such a name"
            message = f"{provider} takes no parameter {shown} from `parameters`; remove it"
            raise ModelError(message, "unsupported_parameter")
    return given


def _takes(provider: str, name: str) -> bool:
    if provider == "custom":
        return name not in _NEVER_PARAMETERS and _PARAMETER_NAME.fullmatch(name) is not None
    return name in PROVIDERS[provider].parameters
