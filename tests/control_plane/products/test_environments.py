from __future__ import annotations

from typing import Any

from control_plane.products.models import Product


def test_an_environment_is_made_changed_listed_and_deleted(shop: Product, alice: Any) -> None:
    made = alice.post("products/shop/envs", {"slug": "qa", "name": "Tests"})
    assert (made.status_code, made.json()["active"]) == (201, True)

    changed = alice.patch("products/shop/envs/qa", {"active": False, "description": "paused"}).json()
    assert (changed["name"], changed["active"], changed["description"]) == ("Tests", False, "paused")
    assert [env["slug"] for env in alice.get("products/shop/envs").json()["data"]] == ["dev", "prd", "qa"]

    assert alice.delete("products/shop/envs/qa").json() == {"deleted": True, "tag": "qa"}
    assert alice.get("products/shop/envs/qa").status_code == 404


def test_a_slug_is_unique_in_its_product(shop: Product, alice: Any, refused: Any) -> None:
    assert refused(alice.post("products/shop/envs", {"slug": "dev"})) == (409, "already_exists")


def test_one_that_a_model_uses_stays(shop: Product, alice: Any, refused: Any) -> None:
    alice.post(
        "products/shop/models",
        {"tag": "m", "name": "M", "provider": "local", "model": "a/b", "envs": [{"slug": "dev"}]},
    )

    assert refused(alice.delete("products/shop/envs/dev")) == (409, "env_in_use")
    assert alice.get("products/shop/envs/dev").status_code == 200
