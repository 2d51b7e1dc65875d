from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest
from pydantic import SecretStr

from ductape.types.config import ConfigOverrides
from ductape.types.names import Provider
from workers.models.egress import Egress
from workers.models.errors import ModelAPIError, ModelError
from workers.models.wires import PROVIDERS, wire_for
from workers.models.wires.openai import OpenAIWire

SERVED = ["openai", "openrouter", "xai", "custom"]


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


@pytest.mark.parametrize("provider", SERVED)
def test_the_served_providers_have_a_wire(provider: str) -> None:
    assert isinstance(wire(provider, "https://api.example.com/v1"), OpenAIWire)


@pytest.mark.parametrize("provider", [*sorted(set(PROVIDERS) - set(SERVED)), "nobody"])
def test_the_others_say_what_is_served(provider: str) -> None:
    with pytest.raises(ModelError, match="serves openai, openrouter, xai, custom and local models, not") as refused:
        wire(provider)
    assert refused.value.code == "provider_not_available"


def test_a_missing_key_is_named_and_no_other_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-platform")
    with pytest.raises(ModelError, match="openai needs an API key") as refused:
        wire("openai", key=None)
    assert refused.value.code == "missing_api_key"


def test_a_custom_provider_needs_a_base_url_and_no_key() -> None:
    with pytest.raises(ModelError, match="custom needs a base_url"):
        wire("custom", key=None)
    assert isinstance(wire("custom", "http://127.0.0.1:8080", key=None), OpenAIWire)


@pytest.mark.parametrize(
    "url", ["ftp://host", "file:///etc/passwd", "host/v1", "https://u:pw-canary@host", "http://", "http://[::1", ""]
)
def test_a_base_url_that_cannot_be_one_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ModelAPIError) as refused:
        OpenAIWire(url, None, "m", Egress())
    assert refused.value.code == "invalid_base_url"
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("key", ["", "sk-canary\n", "sk canary", "sk-canary\r\nX-Admin: 1", "sk-канарейка"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ModelAPIError) as refused:
        OpenAIWire("https://api.example.com/v1", SecretStr(key), "m", Egress())
    assert refused.value.code == "invalid_api_key"
    assert "sk" not in str(refused.value)
