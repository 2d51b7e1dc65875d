from __future__ import annotations

from typing import Any

import pytest

from control_plane.catalog.models import ProviderKey
from control_plane.products.models import Product
from ductape import sealing
from ductape.types.entities import SealingKey

PLAN = {"from_env": "dev", "to_env": "prd"}


@pytest.fixture
def stocked(shop: Product, alice: Any) -> None:
    """In dev: `gpt` with a key and `helper` with overrides. In prd: nothing yet."""
    key = SealingKey.model_validate(alice.get("products/shop/sealing-key").json())
    sealed = sealing.seal(key, "dev-key-0123456789", tag="gpt", env="dev", provider="openai", base_url=None)
    envs = [{"slug": "dev", "sealed_api_key": sealed, "description": "main"}]
    alice.post(
        "products/shop/models", {"tag": "gpt", "name": "G", "provider": "openai", "model": "gpt-5", "envs": envs}
    )
    dev = {"slug": "dev", "model_config": {"max_tokens": 60}, "limits": {"max_tokens": {"max": 100}}}
    alice.put("products/shop/agents/helper", {"tag": "helper", "model": "gpt", "envs": [dev]})


def plan(alice: Any) -> dict[str, Any]:
    return dict(alice.post("products/shop/promote", PLAN).json())


def test_a_plan_shows_differences_and_empty_key_slots_and_changes_nothing(stocked: None, alice: Any) -> None:
    said = plan(alice)

    assert [(change["path"], change["kind"]) for change in said["changes"]] == [
        ("agents.helper", "added"),
        ("models.gpt", "added"),
    ]
    assert (said["missing_keys"], said["applied"]) == (["gpt"], False)
    assert [env["slug"] for env in alice.get("products/shop/agents/helper").json()["envs"]] == ["dev"]


def test_applying_makes_it_so_without_a_key(stocked: None, alice: Any) -> None:
    done = alice.post("products/shop/promote", {**PLAN, "hash": plan(alice)["hash"]}).json()

    assert done["applied"] is True
    helper = alice.get("products/shop/agents/helper").json()
    dev, prd = helper["envs"]
    assert {**prd, "slug": "dev"} == dev
    gpt = alice.get("products/shop/models/gpt").json()
    assert [(env["slug"], env["description"], env["api_key"]["set"]) for env in gpt["envs"]] == [
        ("dev", "main", True),
        ("prd", "main", False),
    ]
    assert ProviderKey.objects.count() == 1
    assert alice.get("products/shop/models/gpt/versions/2").json()["message"] == "promoted from dev to prd"


def test_after_it_there_is_nothing_to_promote(stocked: None, alice: Any) -> None:
    alice.post("products/shop/promote", {**PLAN, "hash": plan(alice)["hash"]})
    assert plan(alice)["changes"] == []


def test_a_plan_that_has_been_overtaken_is_refused(stocked: None, alice: Any, refused: Any) -> None:
    old = plan(alice)["hash"]
    alice.patch("products/shop/models/gpt", {"envs": [{"slug": "dev", "active": False}]})

    assert refused(alice.post("products/shop/promote", {**PLAN, "hash": old})) == (409, "plan_moved")
    assert [env["slug"] for env in alice.get("products/shop/models/gpt").json()["envs"]] == ["dev"]


def test_what_only_the_target_has_stays_as_it_is(stocked: None, alice: Any) -> None:
    url = "https://own.example/v1"
    alice.patch("products/shop/models/gpt", {"envs": [{"slug": "prd", "base_url": url, "description": "prod"}]})

    alice.post("products/shop/promote", {**PLAN, "hash": plan(alice)["hash"]})

    prd = alice.get("products/shop/models/gpt").json()["envs"][1]
    assert (prd["base_url"], prd["description"]) == (url, "main")


def test_both_environments_must_be_there_and_differ(stocked: None, alice: Any, refused: Any) -> None:
    same = {"from_env": "dev", "to_env": "dev"}
    assert refused(alice.post("products/shop/promote", same)) == (422, "invalid_argument")
    assert refused(alice.post("products/shop/promote", {**PLAN, "to_env": "qa"})) == (404, "env_not_found")
