"""The LLM Models page of the original, translated line by line and run against the live server, in its order.

What differs: an inline model names the model whose key it uses in the place of a key, `tools` are still empty, and
calls go to a provider on loopback.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ductape import Ductape
from ductape.errors import ConflictError, NotFoundError
from ductape.stack import Stack
from tests.end_to_end.provider import Provider

ENVIRON = {"ANTHROPIC_API_KEY": "sk-ant-env-0123456789", "OPENAI_API_KEY": "sk-env-0123456789abc"}


@pytest.fixture(scope="module")
def ductape(stack: Stack) -> Iterator[Ductape]:
    with Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key) as client:
        client.product.create(name="My Product")
        yield client


def test_creating_models(ductape: Ductape) -> None:
    made = ductape.model.create(
        product="my-product",
        tag="claude-sonnet",
        name="Claude Sonnet",
        description="Claude Sonnet for general-purpose tasks",
        provider="anthropic",
        model="claude-sonnet-4-20250514",
        temperature=0.7,
        max_tokens=4096,
        envs=[
            {"slug": "dev", "apiKey": "sk-ant-dev-0123456789", "active": True},
            {"slug": "stg", "apiKey": "sk-ant-staging-0123456789", "active": True},
            {"slug": "prd", "apiKey": "sk-ant-production-0123456789", "active": True},
        ],
    )
    assert made.settings == {"temperature": 0.7, "max_tokens": 4096}
    assert [(env.slug, env.api_key.set, env.active) for env in made.envs] == [
        ("dev", True, True),
        ("stg", True, True),
        ("prd", True, True),
    ]


@pytest.mark.parametrize(
    ("tag", "name", "vendor", "model", "env"),
    [
        (
            "claude-opus",
            "Claude Opus",
            "anthropic",
            "claude-opus-4-20250514",
            {"slug": "prd", "apiKey": ENVIRON["ANTHROPIC_API_KEY"]},
        ),
        ("gpt-4-turbo", "GPT-4 Turbo", "openai", "gpt-4-turbo", {"slug": "prd", "apiKey": ENVIRON["OPENAI_API_KEY"]}),
        ("gemini-pro", "Gemini Pro", "google", "gemini-pro", {"slug": "prd", "apiKey": "AIza-0123456789abcdef"}),
        (
            "local-llama",
            "Local Llama",
            "custom",
            "llama-3-70b",
            {"slug": "dev", "baseUrl": "http://localhost:8080", "apiKey": "optional-key"},
        ),
    ],
)
def test_supported_providers(
    ductape: Ductape, tag: str, name: str, vendor: str, model: str, env: dict[str, Any]
) -> None:
    made = ductape.model.create(product="my-product", tag=tag, name=name, provider=vendor, model=model, envs=[env])
    assert (made.provider, made.model, made.envs[0].base_url) == (vendor, model, env.get("baseUrl"))


def test_reference_by_tag(ductape: Ductape) -> None:
    agent = ductape.agents.define(
        product="my-product",
        tag="customer-support",
        name="Customer Support Agent",
        model="claude-sonnet",
        system_prompt="You are a helpful customer support agent...",
        tools=[],
    )
    assert (agent.model, agent.warnings) == ("claude-sonnet", [])


def test_environment_resolution(ductape: Ductape, provider: Provider) -> None:
    envs = [
        {"slug": slug, "baseUrl": provider.base_url, "apiKey": f"key-of-{slug}-0123456789"}
        for slug in ("dev", "stg", "prd")
    ]
    ductape.model.update(product="my-product", tag="claude-sonnet", provider="custom", model="ok", envs=envs)

    run = ductape.agents.run(product="my-product", env="prd", tag="customer-support", input={"question": "Hello?"})

    assert run.status == "completed", run.error
    assert provider.seen[-1].authorization == "Bearer key-of-prd-0123456789"
    assert provider.seen[-1].body["messages"][-1]["content"] == '{"question":"Hello?"}'


def test_inline_configuration(ductape: Ductape, provider: Provider) -> None:
    ductape.agents.define(
        product="my-product",
        tag="my-agent",
        model={"provider": "custom", "model": "claude-haiku", "temperature": 0.7, "keyFrom": "claude-sonnet"},
    )

    run = ductape.agents.run(product="my-product", env="prd", tag="my-agent", input="Hello?")

    assert run.status == "completed", run.error
    assert (run.resolved.model, run.resolved.inline) == ("claude-sonnet", True)
    assert provider.seen[-1].authorization == "Bearer key-of-prd-0123456789"
    assert provider.seen[-1].body["model"] == "claude-haiku"


def test_agent_level_overrides(ductape: Ductape) -> None:
    ductape.agents.define(
        product="my-product",
        tag="creative-agent",
        name="Creative Agent",
        model="claude-sonnet",
        model_config={"temperature": 0.9, "maxTokens": 8000},
        system_prompt="You are a creative writer...",
        tools=[],
    )
    resolved = ductape.agents.resolve(product="my-product", env="dev", tag="creative-agent")
    assert resolved.values() == {"temperature": 0.9, "max_tokens": 8000}


def test_environment_level_overrides(ductape: Ductape) -> None:
    ductape.agents.define(
        product="my-product",
        tag="smart-agent",
        model="claude-sonnet",
        model_config={"temperature": 0.7},
        envs=[
            {"slug": "dev", "modelConfig": {"maxTokens": 1000}},
            {"slug": "prd", "modelConfig": {"maxTokens": 4000}},
        ],
    )
    for env, tokens in (("dev", 1000), ("prd", 4000)):
        assert ductape.agents.resolve(product="my-product", env=env, tag="smart-agent").values() == {
            "temperature": 0.7,
            "max_tokens": tokens,
        }


def test_runtime_overrides(ductape: Ductape, provider: Provider) -> None:
    ductape.agents.run(
        product="my-product",
        env="prd",
        tag="smart-agent",
        input={"question": "Hello?"},
        model_config={"temperature": 0.2, "maxTokens": 2000},
    )
    sent = provider.seen[-1].body
    assert (sent["temperature"], sent["max_tokens"]) == (0.2, 2000)


def test_override_precedence(ductape: Ductape) -> None:
    ductape.model.update(product="my-product", tag="claude-sonnet", temperature=0.7)
    ductape.agents.define(
        product="my-product",
        tag="precedence",
        model="claude-sonnet",
        model_config={"temperature": 0.5},
        envs=[{"slug": "prd", "modelConfig": {"temperature": 0.3}}],
    )
    resolved = ductape.agents.resolve(
        product="my-product", env="prd", tag="precedence", model_config={"temperature": 0.2}
    )
    temperature = resolved.settings["temperature"]
    assert (temperature.value, temperature.layer) == (0.2, "runtime")
    assert [(lost.value, lost.layer) for lost in temperature.beat][:3] == [
        (0.3, "agent_env"),
        (0.5, "agent"),
        (0.7, "model"),
    ]


def test_update_model(ductape: Ductape) -> None:
    before = ductape.model.fetch(product="my-product", tag="claude-sonnet")
    after = ductape.model.update(
        product="my-product",
        tag="claude-sonnet",
        temperature=0.5,
        envs=[{"slug": "prd", "apiKey": "sk-ant-new-key-0123456789"}],
    )
    assert after.settings["temperature"] == 0.5
    assert after.envs[:2] == before.envs[:2]
    assert (after.envs[2].api_key.version, after.envs[2].base_url) == (3, before.envs[2].base_url)


def test_fetch_models(ductape: Ductape) -> None:
    models = ductape.model.fetch_all(product="my-product")
    assert [model.tag for model in models] == [
        "claude-opus",
        "claude-sonnet",
        "gemini-pro",
        "gpt-4-turbo",
        "local-llama",
    ]
    assert ductape.model.fetch(product="my-product", tag="claude-sonnet") in models


def test_delete_model(ductape: Ductape) -> None:
    with pytest.raises(ConflictError, match="creative-agent, customer-support, my-agent, precedence, smart-agent"):
        ductape.model.delete(product="my-product", tag="claude-sonnet")

    assert ductape.model.delete(product="my-product", tag="claude-opus").deleted
    with pytest.raises(NotFoundError):
        ductape.model.fetch(product="my-product", tag="claude-opus")
