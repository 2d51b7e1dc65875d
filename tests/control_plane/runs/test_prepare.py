from __future__ import annotations

from typing import Any

import pytest

from control_plane.api.errors import ApiError
from control_plane.products.models import Environment, Product
from control_plane.runs.preparing import destination, prepare
from ductape.types.runs import RunCreate


def wanted(**change: Any) -> RunCreate:
    return RunCreate.model_validate({"product": "shop", "env": "dev", "agent": "helper", "input": "Hi", **change})


def refusal(**change: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as raised:
        prepare(wanted(**change))
    return raised.value.status, raised.value.code


def test_the_four_layers_meet(helper: None) -> None:
    prepared = prepare(wanted(model_config={"temperature": 0}))

    assert prepared.resolved.values() == {"temperature": 0, "max_tokens": 60}
    assert prepared.messages == [{"role": "system", "content": "You help."}, {"role": "user", "content": "Hi"}]
    assert destination(prepared).local is not None
    assert destination(prepared).key is None


def test_an_object_reaches_the_model_as_json(helper: None) -> None:
    prepared = prepare(wanted(input={"question": "Où?"}))
    assert prepared.messages[-1]["content"] == '{"question":"Où?"}'


def test_a_bare_model_runs_without_an_agent(helper: None) -> None:
    prepared = prepare(wanted(agent=None, model="smol"))

    assert prepared.agent is None
    assert prepared.resolved.values() == {"temperature": 0.7, "max_tokens": 200}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"product": "nope"}, "product_not_found"),
        ({"env": "qa"}, "env_not_found"),
        ({"agent": "nope"}, "agent_not_found"),
        ({"agent": None, "model": "nope"}, "model_not_found"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_not_there_is_not_found(helper: None, change: dict[str, Any], code: str) -> None:
    assert refusal(**change) == (404, code)


def test_an_environment_that_the_model_has_no_entry_for_never_borrows_another(helper: None) -> None:
    assert refusal(env="prd") == (409, "env_not_configured")


def test_an_inactive_environment_model_or_agent_does_not_run(helper: None, alice: Any) -> None:
    alice.put(
        "products/shop/agents/helper",
        {"tag": "helper", "model": "smol", "envs": [{"slug": "dev", "active": False}]},
    )
    assert refusal() == (409, "env_inactive")

    alice.patch("products/shop/models/smol", {"envs": [{"slug": "dev", "active": False}]})
    assert refusal(agent=None, model="smol") == (409, "env_inactive")

    Environment.objects.filter(slug="dev").update(active=False)
    assert refusal(agent=None, model="smol") == (409, "env_inactive")


def test_a_provider_that_needs_a_key_does_not_run_without_one(shop: Product, alice: Any) -> None:
    body = {"tag": "gpt", "name": "G", "provider": "openai", "model": "gpt-5", "envs": [{"slug": "dev"}]}
    alice.post("products/shop/models", body)

    assert refusal(agent=None, model="gpt") == (409, "missing_api_key")


def test_the_seeds_agent_before_its_model_is_refused_at_run(shop: Product, alice: Any) -> None:
    alice.put("products/shop/agents/early", {"tag": "early", "model": "later"})
    assert refusal(agent="early") == (404, "model_not_found")
