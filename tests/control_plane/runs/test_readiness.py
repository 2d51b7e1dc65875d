from __future__ import annotations

from typing import Any

from control_plane.products.models import Product


def test_everything_ready_is_ready(helper: None, alice: Any) -> None:
    said = alice.get("products/shop/readiness?env=dev").json()

    assert (said["env"], said["ready"]) == ("dev", True)
    assert [(item["kind"], item["tag"], item["ready"]) for item in said["items"]] == [
        ("model", "smol", True),
        ("agent", "helper", True),
    ]


def test_what_could_not_run_says_why(helper: None, alice: Any) -> None:
    gpt = {"tag": "gpt", "name": "G", "provider": "openai", "model": "gpt-5", "envs": [{"slug": "prd"}]}
    alice.post("products/shop/models", gpt)
    alice.put("products/shop/agents/early", {"tag": "early", "model": "later"})

    said = alice.get("products/shop/readiness?env=prd").json()

    assert said["ready"] is False
    assert {item["tag"]: item["reason"]["code"] for item in said["items"]} == {
        "gpt": "missing_api_key",
        "smol": "env_not_configured",
        "early": "model_not_found",
        "helper": "env_not_configured",
    }


def test_the_environment_must_be_given_and_there(shop: Product, alice: Any, refused: Any) -> None:
    assert refused(alice.get("products/shop/readiness")) == (422, "invalid_argument")
    assert refused(alice.get("products/shop/readiness?env=qa")) == (404, "env_not_found")
