from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from control_plane.products.models import Product


def test_a_longer_list_takes_no_more_queries(shop: Product, alice: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice.get("products/shop/models").status_code == 200
        return len(captured)

    def add(tag: str) -> None:
        envs = [{"slug": "dev"}, {"slug": "prd"}]
        alice.post("products/shop/models", {"tag": tag, "name": "M", "provider": "openai", "model": "m", "envs": envs})

    add("first")
    one = queries()
    for number in range(5):
        add(f"m{number}")

    assert queries() == one
    assert [len(model["envs"]) for model in alice.get("products/shop/models").json()["data"]] == [2] * 6
