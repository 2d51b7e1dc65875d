from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from ductape.types.config import ConfigOverrides
from ductape.types.names import Provider
from workers.models.egress import Egress
from workers.models.errors import ModelAPIError, ModelError
from workers.models.wires import PROVIDERS, preload, wire_for
from workers.models.wires.anthropic import AnthropicWire
from workers.models.wires.cohere import CohereWire
from workers.models.wires.google import GoogleWire
from workers.models.wires.openai import OpenAIWire

WIRES = {
    "openai": OpenAIWire,
    "openrouter": OpenAIWire,
    "xai": OpenAIWire,
    "custom": OpenAIWire,
    "anthropic": AnthropicWire,
    "google": GoogleWire,
    "cohere": CohereWire,
}


def wire(provider: str, base_url: str | None = None, key: str | None = "sk-canary") -> object:
    api_key = SecretStr(key) if key else None
    return wire_for(provider, model_name="m", base_url=base_url, api_key=api_key, egress=Egress())


def test_every_provider_has_its_row_and_only_known_settings() -> None:
    assert set(PROVIDERS) == set(get_args(Provider))
    for row in PROVIDERS.values():
        assert row.supported <= set(ConfigOverrides.model_fields)


def test_the_table_is_read_without_a_network_library() -> None:
    code = "import sys, workers.models.wires, workers.models.egress; print('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("provider", WIRES)
def test_every_provider_has_its_wire(provider: str) -> None:
    assert isinstance(wire(provider, "https://api.example.com/v1"), WIRES[provider])


@pytest.mark.parametrize("provider", ["local", "nobody"])
def test_the_others_say_what_is_served(provider: str) -> None:
    with pytest.raises(ModelError, match=r"serves openai, .*, cohere and local models, not") as refused:
        wire(provider)
    assert refused.value.code == "provider_not_available"


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "cohere"])
def test_a_missing_key_is_named_and_no_other_is_used(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "COHERE_API_KEY"):
        monkeypatch.setenv(variable, "sk-of-the-platform")
    with pytest.raises(ModelError, match=f"{provider} needs an API key") as refused:
        wire(provider, key=None)
    assert refused.value.code == "missing_api_key"


def test_a_custom_provider_needs_a_base_url_and_no_key() -> None:
    with pytest.raises(ModelError, match="custom needs a base_url"):
        wire("custom", key=None)
    assert isinstance(wire("custom", "http://127.0.0.1:8080", key=None), OpenAIWire)


@pytest.mark.parametrize("wired", [OpenAIWire, AnthropicWire])
@pytest.mark.parametrize(
    "url", ["ftp://host", "file:///etc/passwd", "host/v1", "https://u:pw-canary@host", "http://", "http://[::1", ""]
)
def test_a_base_url_that_cannot_be_one_is_refused_without_being_shown(url: str, wired: Any) -> None:
    with pytest.raises(ModelAPIError) as refused:
        wired(url, SecretStr("sk-canary"), "m", Egress(), "anthropic")
    assert refused.value.code == "invalid_base_url"
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("wired", [OpenAIWire, AnthropicWire])
@pytest.mark.parametrize("key", ["", "sk-canary\n", "sk canary", "sk-canary\r\nX-Admin: 1", "sk-канарейка"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str, wired: Any) -> None:
    with pytest.raises(ModelAPIError) as refused:
        wired("https://api.example.com/v1", SecretStr(key), "m", Egress(), "anthropic")
    assert refused.value.code == "invalid_api_key"
    assert "sk" not in str(refused.value)


@pytest.mark.parametrize(
    ("provider", "model", "lacking"),
    [
        ("anthropic", "claude-sonnet-4-5", set()),
        ("anthropic", "claude-haiku-4-5-20251001", set()),
        ("anthropic", "claude-opus-4-20250514", set()),
        ("anthropic", "claude-opus-4-6", set()),
        ("anthropic", "claude-3-7-sonnet-latest", set()),
        ("anthropic", "claude-opus-4-7", {"temperature", "top_p", "thinking_budget"}),
        ("anthropic", "claude-sonnet-5-5", {"temperature", "top_p", "thinking_budget"}),
        ("anthropic", "claude-3-5-haiku-latest", {"thinking_budget", "reasoning_effort"}),
        ("google", "gemini-2.5-flash", set()),
        ("google", "gemini-2.0-flash", {"thinking_budget", "reasoning_effort"}),
        ("google", "gemini-3-pro-preview", {"frequency_penalty", "presence_penalty"}),
        ("google", "gemini-3.5-flash", {"frequency_penalty", "presence_penalty"}),
        ("cohere", "command-a-reasoning-08-2025", set()),
        ("cohere", "command-a-03-2025", {"thinking_budget"}),
        ("cohere", "command-r-plus-08-2024", {"thinking_budget"}),
        ("openai", "gpt-4-turbo", set()),
    ],
)
def test_what_a_model_takes_depends_on_the_model(provider: str, model: str, lacking: set[str]) -> None:
    row = PROVIDERS[provider]
    assert row.supported - row.takes(model) == lacking


def test_preloading_names_a_provider_that_there_is_not() -> None:
    with pytest.raises(ModelError, match="no provider 'nobody' to preload"):
        preload(["cohere", "nobody"])
