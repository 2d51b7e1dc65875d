"""Which provider is reached how. Plain data, importable without any network library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

from workers.models.errors import ModelError

if TYPE_CHECKING:
    from pydantic import JsonValue, SecretStr

    from workers.models.base import ChatModel
    from workers.models.egress import Egress

_OPENAI = "workers.models.wires.openai:OpenAIWire"
_ANTHROPIC = "workers.models.wires.anthropic:AnthropicWire"
_GOOGLE = "workers.models.wires.google:GoogleWire"
_COHERE = "workers.models.wires.cohere:CohereWire"
_LITELLM = "workers.models.wires.litellm_codec"
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
    codec: str | None = None
    """The module that translates requests, where that is not the wire itself; takes seconds to import."""
    lacking: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = ()
    """(models by name, what they do not take of what the provider takes); models not known yet count as the newest."""

    def takes(self, model_name: str) -> frozenset[str]:
        """The settings that a model of the provider takes."""
        lacking = (names for models, names in self.lacking if models.search(model_name))
        return self.supported.difference(*lacking)


# Claude 4.7 and later choose their own sampling and how long they think.
_CLAUDE_CHOOSES = re.compile(r"claude-(opus-4-[789]|[a-z]+-([5-9]|\d\d|preview))(?!\d)")
_CLAUDE_WITHOUT_THINKING = re.compile(r"claude-(2|instant|3-(haiku|sonnet|opus|5))")
_GEMINI_WITHOUT_THINKING = re.compile(r"gemini-(1|2\.0)|gemma-[123]|learnlm")
_GEMINI_WITHOUT_PENALTIES = re.compile(r"gemini-([3-9]|\d\d)(?!\d)")
_COMMAND_WITHOUT_THINKING = re.compile(r"command-(r|light|nightly|a-(\d|vision|translate))|c4ai")
_THINKING = frozenset({"thinking_budget", "reasoning_effort"})


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
    "anthropic": ProviderRow(
        _SAMPLING | _THINKING | {"response_format"},
        _ANTHROPIC,
        "https://api.anthropic.com/v1",
        key_variable="ANTHROPIC_API_KEY",
        codec=_LITELLM,
        lacking=(
            (_CLAUDE_CHOOSES, frozenset({"temperature", "top_p", "thinking_budget"})),
            (_CLAUDE_WITHOUT_THINKING, _THINKING),
        ),
    ),
    "google": ProviderRow(
        _SAMPLING | _PENALTIES | _THINKING | {"seed", "response_format"},
        _GOOGLE,
        "https://generativelanguage.googleapis.com/v1beta",
        key_variable="GOOGLE_API_KEY",
        codec=_LITELLM,
        lacking=((_GEMINI_WITHOUT_THINKING, _THINKING), (_GEMINI_WITHOUT_PENALTIES, _PENALTIES)),
    ),
    "cohere": ProviderRow(
        _SAMPLING | _PENALTIES | {"seed", "response_format", "thinking_budget"},
        _COHERE,
        "https://api.cohere.com/v2",
        key_variable="COHERE_API_KEY",
        lacking=((_COMMAND_WITHOUT_THINKING, _THINKING),),
    ),
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


def preload(providers: Iterable[str]) -> None:
    """Import what the first call of such a provider would wait seconds for.

    Raises:
        ModelError: there is no such provider.
    """
    for provider in providers:
        if provider not in PROVIDERS:
            raise ModelError(f"there is no provider {provider!r} to preload; there are {', '.join(PROVIDERS)}")
        if codec := PROVIDERS[provider].codec:
            import_module(codec)


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
