from __future__ import annotations

from typing import Any

from control_plane.products.models import Product

AGENT = "products/shop/agents/helper"


def define(alice: Any, **change: Any) -> dict[str, Any]:
    body = {"tag": "helper", "model": "smol", "model_config": {"temperature": 0.4}, **change}
    return dict(alice.put(AGENT, body).json())


def test_each_definition_is_a_version_unless_nothing_changed(shop: Product, alice: Any) -> None:
    define(alice)
    define(alice, message="the same")
    define(alice, system_prompt="You help.", message="a prompt")

    first, second = alice.get(f"{AGENT}/versions").json()["data"]
    assert (first["number"], second["number"], second["message"]) == (1, 2, "a prompt")
    (change,) = alice.get(f"{AGENT}/diff").json()["changes"]
    assert (change["path"], change["before"], change["after"]) == ("system_prompt", "", "You help.")


def test_a_rollback_is_previewed_and_then_done(shop: Product, alice: Any) -> None:
    define(alice, envs=[{"slug": "dev", "model_config": {"max_tokens": 60}, "model": "tiny"}])
    define(alice, model="other")

    preview = alice.post(f"{AGENT}/rollback", {"to": 1, "preview": True}).json()
    assert [change["path"] for change in preview["changes"]] == ["envs.dev", "model"]
    assert alice.get(AGENT).json()["version"] == 2

    back = alice.post(f"{AGENT}/rollback", {"to": 1, "message": "it was better"}).json()
    assert (back["model"], back["version"]) == ("smol", 3)
    assert back["envs"][0]["model"] == "tiny"
    assert back["envs"][0]["model_config"] == {"max_tokens": 60}
    assert alice.get(f"{AGENT}/versions/3").json()["message"] == "it was better"


def test_an_environment_that_is_gone_stays_gone(shop: Product, alice: Any) -> None:
    alice.post("products/shop/envs", {"slug": "qa"})
    define(alice, envs=[{"slug": "qa"}])
    define(alice)
    alice.delete("products/shop/envs/qa")

    preview = alice.post(f"{AGENT}/rollback", {"to": 1, "preview": True}).json()

    assert preview["warnings"] == ["the environment 'qa' is gone and stays gone"]
    assert alice.post(f"{AGENT}/rollback", {"to": 1}).json()["envs"] == []
