from __future__ import annotations

from typing import Any

from control_plane.products.models import Product


def test_only_what_is_given_changes(shop: Product, alice: Any) -> None:
    changed = alice.patch("products/shop", {"description": "sells"}).json()

    assert (changed["name"], changed["description"]) == ("Shop", "sells")


def test_a_tag_cannot_change(shop: Product, alice: Any, refused: Any) -> None:
    assert refused(alice.patch("products/shop", {"tag": "other"})) == (422, "unknown_argument")


def test_an_empty_product_goes_with_its_environments_and_key(shop: Product, alice: Any) -> None:
    assert alice.delete("products/shop").json()["contents"] == {"models": 0, "agents": 0, "runs": 0}
    assert alice.get("products/shop").status_code == 404
    assert not shop.keys.exists()


def test_a_product_that_holds_an_agent_stays(shop: Product, alice: Any, refused: Any) -> None:
    alice.put("products/shop/agents/a", {"tag": "a", "model": "later"})

    assert refused(alice.delete("products/shop")) == (409, "product_not_empty")
    assert alice.get("products/shop").status_code == 200
