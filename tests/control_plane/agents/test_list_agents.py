from __future__ import annotations

from typing import Any

from control_plane.products.models import Product

AGENTS = "products/shop/agents"


def test_a_list_can_be_of_those_that_use_a_model(shop: Product, alice: Any, refused: Any) -> None:
    for tag, model in [("a", "gpt"), ("b", "claude"), ("c", "gpt")]:
        alice.put(f"{AGENTS}/{tag}", {"tag": tag, "model": model})
    alice.put(f"{AGENTS}/d", {"tag": "d", "model": "claude", "envs": [{"slug": "dev", "model": "gpt"}]})

    def found(query: str) -> list[str]:
        return [agent["tag"] for agent in alice.get(f"{AGENTS}{query}").json()["data"]]

    assert found("?model=gpt") == ["a", "c", "d"]
    assert found("?model=none") == []
    assert found("") == ["a", "b", "c", "d"]
    assert refused(alice.get(f"{AGENTS}?model=Not A Tag")) == (422, "invalid_argument")
    assert refused(alice.get(f"{AGENTS}?modell=gpt")) == (422, "unknown_argument")
