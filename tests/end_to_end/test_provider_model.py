"""An API model through the runner: the key reaches the provider it was sealed for, and nobody else."""

from __future__ import annotations

import pytest

from ductape import Ductape
from ductape.stack import Stack
from ductape.types.runs import Run, TokenUsage
from tests.end_to_end.provider import USAGE, Provider

KEY = "canary-provider-key-0123456789"


@pytest.fixture(scope="module", autouse=True)
def product(stack: Stack) -> None:
    client = Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key)
    client.product.create(name="Provided", envs=[{"slug": "dev"}, {"slug": "prd"}])
    client.close()


@pytest.fixture
def calls(provider: Provider) -> Provider:
    provider.seen.clear()
    return provider


def run(client: Ductape, behaviour: str, base_url: str, **overrides: object) -> Run:
    tag = f"m-{behaviour}"
    client.model.create(
        product="provided",
        tag=tag,
        name=tag,
        provider="custom",
        model=behaviour,
        envs=[{"slug": "dev", "api_key": KEY, "base_url": base_url}],
    )
    client.agents.define(product="provided", tag=tag, model=tag, system_prompt="Be brief.")
    return client.agents.run(product="provided", env="dev", tag=tag, input="Hi", model_config=overrides)


def test_the_call_carries_the_key_and_the_resolved_settings(client: Ductape, calls: Provider) -> None:
    done = run(client, "ok", calls.base_url, max_tokens=7)

    assert (done.status, done.output) == ("completed", "Hello from the provider.")
    assert done.token_usage == TokenUsage.model_validate(USAGE)
    (seen,) = calls.seen
    assert seen.authorization == f"Bearer {KEY}"
    assert seen.body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert (seen.body["temperature"], seen.body["max_tokens"]) == (0.7, 7)
    assert client.model.fetch(product="provided", tag="m-ok").envs[0].api_key.last_used_at is not None


def test_a_provider_that_repeats_the_key_tells_nobody(client: Ductape, calls: Provider) -> None:
    done = run(client, "refuse-key", calls.base_url)

    assert done.status == "failed"
    assert done.error is not None
    assert done.error.code == "authentication_failed"
    assert "canary" not in done.model_dump_json()


def test_a_cut_answer_failed_and_did_not_stop(client: Ductape, calls: Provider) -> None:
    done = run(client, "cut", calls.base_url)

    assert (done.status, done.output) == ("failed", "Hello")
    assert done.error is not None
    assert done.error.retryable


def test_another_model_answers_for_one_that_is_down_and_the_run_says_so(client: Ductape, calls: Provider) -> None:
    env = {"slug": "dev", "base_url": calls.base_url}
    for tag, behaviour in (("broken", "down"), ("spare", "ok")):
        envs = [{**env, "api_key": f"key-of-{tag}-0123456789"}]
        client.model.create(product="provided", tag=tag, name=tag, provider="custom", model=behaviour, envs=envs)
    client.model.update(product="provided", tag="broken", fallback={"models": ["spare"]})
    client.agents.define(product="provided", tag="steady", model="broken")

    # No retry fits into its share of the time.
    done = client.agents.run(product="provided", env="dev", tag="steady", input="Hi", model_config={"timeout": 1500})

    assert (done.status, done.output) == ("completed", "Hello from the provider.")
    assert [(each.model, each.error and each.error.code) for each in done.models_tried] == [
        ("broken", "service_unavailable"),
        ("spare", None),
    ]
    assert calls.seen[-1].authorization == "Bearer key-of-spare-0123456789"
    assert client.model.fetch(product="provided", tag="spare").envs[0].api_key.last_used_at is not None


def test_a_provider_that_keeps_failing_is_left_alone(client: Ductape, calls: Provider) -> None:
    soon = {"timeout": 900}
    ended = [run(client, "down", calls.base_url, **soon)]
    for _ in range(5):
        ended.append(client.agents.run(product="provided", env="dev", tag="m-down", input="Hi", model_config=soon))

    assert [each.stop_reason for each in ended] == ["service_unavailable"] * 5 + ["circuit_open"]
    assert len(calls.seen) == 5


def test_a_private_address_is_not_called(client: Ductape, calls: Provider) -> None:
    done = run(client, "closed-port", f"http://localhost:{calls.port + 1}/v1")

    assert (done.status, done.stop_reason) == ("failed", "egress_refused")
    assert calls.seen == []


def test_a_provider_with_a_language_of_its_own_is_called_through_the_same_door(
    client: Ductape, calls: Provider
) -> None:
    client.model.create(
        product="provided",
        tag="claude",
        name="Claude",
        provider="anthropic",
        model="claude-sonnet-4-5",
        envs=[{"slug": "dev", "api_key": KEY, "base_url": f"http://localhost:{calls.port + 1}/v1"}],
    )
    client.agents.define(product="provided", tag="on-claude", model="claude")

    done = client.agents.run(product="provided", env="dev", tag="on-claude", input="Hi")

    assert (done.status, done.stop_reason) == ("failed", "egress_refused")
