from __future__ import annotations

from typing import Any

import pytest

from control_plane.products.models import Product


@pytest.fixture
def helper(shop: Product, alice: Any) -> None:
    """`helper` on `smol`, which limits max_tokens; in prd another model and a locked temperature."""
    local = {"provider": "local", "model": "a/b", "envs": [{"slug": "dev"}, {"slug": "prd"}]}
    limits = {"max_tokens": {"max": 1000}}
    alice.post("products/shop/models", {"tag": "smol", "name": "S", "max_tokens": 200, "limits": limits, **local})
    alice.post("products/shop/models", {"tag": "big", "name": "B", "top_p": 0.5, **local})
    prd = {"slug": "prd", "model": "big", "model_config": {"temperature": 0.1}, "locks": ["temperature"]}
    made = alice.put("products/shop/agents/helper", {"tag": "helper", "model": "smol", "envs": [prd]})
    assert made.status_code == 200, made.json()


def test_it_says_what_a_run_would_use_without_running(helper: None, alice: Any) -> None:
    said = alice.post("products/shop/agents/helper/resolve", {"env": "dev", "model_config": {"max_tokens": 500}}).json()

    assert said["model"] == "smol"
    assert said["settings"]["max_tokens"] == {
        "value": 500,
        "layer": "runtime",
        "beat": [{"layer": "model", "value": 200}],
    }
    assert said["limits"] == {"max_tokens": [{"layer": "model", "min": None, "max": 1000}]}


def test_an_environment_may_use_another_model_and_lock_a_value(helper: None, alice: Any) -> None:
    said = alice.post("products/shop/agents/helper/resolve", {"env": "prd"}).json()

    assert (said["model"], said["locks"]) == ("big", {"temperature": "agent_env"})
    assert {name: setting["value"] for name, setting in said["settings"].items()} == {"temperature": 0.1, "top_p": 0.5}


@pytest.mark.parametrize(
    ("env", "config", "code", "param"),
    [
        ("dev", {"max_tokens": 1001}, "limit_exceeded", "model_config.max_tokens"),
        ("prd", {"temperature": 0.2}, "locked", "model_config.temperature"),
        ("dev", {"provider": "openai"}, "unknown_argument", "model_config.provider"),
    ],
)
def test_a_refused_override_names_the_layer(
    helper: None, alice: Any, refused: Any, env: str, config: dict[str, Any], code: str, param: str
) -> None:
    answer = alice.post("products/shop/agents/helper/resolve", {"env": env, "model_config": config})

    assert refused(answer) == (422, code)
    assert answer.json()["error"]["param"] == param


def test_a_bare_model_resolves_too(helper: None, alice: Any) -> None:
    said = alice.post("products/shop/models/smol/resolve", {"env": "dev"}).json()
    assert said["settings"]["max_tokens"] == {"value": 200, "layer": "model", "beat": []}


def test_a_model_that_an_environment_uses_is_in_use(helper: None, alice: Any, refused: Any) -> None:
    assert refused(alice.delete("products/shop/models/big")) == (409, "model_in_use")


@pytest.mark.parametrize("limit", [{}, {"min": 2, "max": 1}, {"most": 3}, "1000"])
def test_a_limit_that_says_nothing_is_refused(helper: None, alice: Any, limit: Any) -> None:
    answer = alice.patch("products/shop/models/smol", {"limits": {"max_tokens": limit}})
    assert answer.status_code == 422
    assert alice.patch("products/shop/models/smol", {"locks": ["api_key"]}).status_code == 422
