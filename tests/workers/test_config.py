from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from workers.models import ModelConfig, environment_keys
from workers.models.wires import PROVIDERS

KEY = "sk-canary-0123456789"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in PROVIDERS.values():
        if row.key_variable:
            monkeypatch.delenv(row.key_variable, raising=False)


def api(provider: str = "openai", name: str = "gpt-4o", **said: Any) -> ModelConfig:
    return ModelConfig(type="api", provider=provider, name=name, **said)


DEFAULTS: dict[str, Any] = {
    "provider": None,
    "base_url": None,
    "api_key": None,
    "max_tokens": 8192,
    "temperature": 0.7,
    "top_p": 1.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "thinking_budget": 1024,
    "reasoning_effort": "low",
    "backend": "huggingface",
    "torch_dtype": "auto",
    "device_map": "auto",
    "tensor_parallel_size": 1,
    "gpu_memory_utilization": 0.9,
    "quantization": None,
    "parameters": {},
}


def test_the_fields_and_defaults_are_those_of_the_seed() -> None:
    config = ModelConfig(type="local", name="Qwen/Qwen3-4B-Instruct-2507", model_class="llm")
    assert {"type", "name", "model_class", *DEFAULTS} == set(ModelConfig.model_fields)
    assert {name: getattr(config, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize(
    "said",
    [
        {"max_tokens": 0},
        {"max_tokens": -1},
        {"temperature": 2.1},
        {"top_p": 5},
        {"frequency_penalty": 99},
        {"presence_penalty": -2.1},
        {"thinking_budget": -1},
        {"reasoning_effort": "lots"},
        {"tensor_parallel_size": 0},
        {"gpu_memory_utilization": 0},
        {"quantization": "gguf"},
        {"torch_dtype": "float8"},
        {"temperatur": 0.5},
        {"name": ""},
        {"provider": "groq"},
        {"provider": "local"},
        {"max_tokens": 100, "thinking_budget": 100},
    ],
)
def test_what_cannot_be_is_refused_without_being_shown(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        ModelConfig.model_validate({"type": "api", "provider": "openai", "name": "m", "api_key": KEY, **said})
    assert KEY not in str(refused.value)
    assert "input_value" not in str(refused.value)


def test_a_local_model_needs_its_class_even_unsaid() -> None:
    with pytest.raises(ValidationError, match="a local model needs model_class"):
        ModelConfig(type="local", name="m")


def test_an_api_model_needs_an_address() -> None:
    with pytest.raises(ValidationError, match="needs a provider or a base_url"):
        ModelConfig(type="api", name="m")
    assert ModelConfig(type="api", name="m", base_url="https://api.mycompany.com/v1").provider == "custom"
    assert api().base_url == "https://api.openai.com/v1"


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "openrouter", "xai"])
def test_the_key_comes_out_of_the_providers_variable(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api(provider).api_key is None
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", KEY)
    config = api(provider)
    assert config.api_key == SecretStr(KEY)
    assert KEY not in repr(config) + str(config) + config.model_dump_json()
    assert api(provider, api_key=SecretStr("sk-mine")).api_key == SecretStr("sk-mine")


def test_another_address_gets_no_key_that_was_not_meant_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert api(base_url="https://elsewhere.example/v1").api_key is None
    assert api(base_url="https://api.openai.com/v1").api_key == SecretStr(KEY)


def test_where_it_is_forbidden_no_key_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment_keys, "_allowed", True)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    environment_keys.forbid_environment_keys()
    assert api().api_key is None


@pytest.mark.slow
def test_the_runner_reads_no_key() -> None:
    code = "import control_plane.asgi; from workers.models import ModelConfig as M; "
    code += "print(M(type='api', provider='openai', name='m').api_key)"
    env = {**os.environ, "OPENAI_API_KEY": KEY, "DATABASE_URL": "postgresql://nobody@/none"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout == "None\n", done.stderr


def test_what_is_stored_has_no_key_and_comes_back() -> None:
    config = api("openrouter", api_key=SecretStr(KEY), top_p=0.5, parameters={"top_k": 5})
    stored = json.loads(json.dumps(config.stored()))
    assert "api_key" not in stored
    assert KEY not in repr(stored)
    again = ModelConfig.from_stored(stored, SecretStr(KEY))
    assert (again, again.settings()) == (config, config.settings())
    assert ModelConfig.from_stored(stored).api_key is None


@pytest.mark.parametrize(
    ("provider", "name", "sent"),
    [
        ("openai", "gpt-4o", {"temperature": 0.7}),
        ("openai", "gpt-5", {"reasoning_effort": "low"}),
        ("openai", "gpt-5-chat-latest", {"temperature": 0.7}),
        ("openai", "o3-mini", {"reasoning_effort": "low"}),
        ("openrouter", "openai/gpt-5", {"temperature": 0.7, "reasoning_effort": "low"}),
        ("openrouter", "openai/gpt-4o", {"temperature": 0.7}),
        ("openrouter", "anthropic/claude-sonnet-4.5", {"temperature": 0.7, "reasoning_effort": "low"}),
        ("xai", "grok-4", {"temperature": 0.7}),
        ("xai", "grok-3-mini", {"temperature": 0.7, "reasoning_effort": "low"}),
        ("anthropic", "claude-3-haiku-20240307", {"temperature": 0.7}),
        ("anthropic", "claude-sonnet-4-5", {"thinking_budget": 1024}),
        ("google", "gemini-2.5-flash", {"temperature": 0.7, "thinking_budget": 1024}),
        ("google", "gemini-1.5-pro", {"temperature": 0.7}),
    ],
)
def test_defaults_are_sent_only_where_the_model_takes_them(provider: str, name: str, sent: dict[str, Any]) -> None:
    assert api(provider, name).settings() == {"max_tokens": 8192, **sent}


def test_what_is_said_is_sent() -> None:
    said = {"temperature": 0.1, "top_p": 0.5, "reasoning_effort": "high", "parameters": {"user": "u"}}
    assert api("openai", "gpt-5", **said).settings() == {"max_tokens": 8192, **said}
    claude = api("anthropic", "claude-sonnet-4-5", temperature=0.5, max_tokens=12000)
    assert claude.settings() == {"max_tokens": 12000, "temperature": 0.5}
    assert "thinking_budget" not in api("google", "gemini-2.5-pro", max_tokens=500).settings()
    assert "reasoning_effort" not in api("openai", "gpt-5", reasoning_effort=None).settings()
