from __future__ import annotations

from typing import Any

import pytest
from django_scopes.exceptions import ScopeError

from control_plane.products.models import Product

PATHS = [
    ("GET", "products/{tag}"),
    ("PATCH", "products/{tag}"),
    ("DELETE", "products/{tag}"),
    ("GET", "products/{tag}/sealing-key"),
    ("GET", "products/{tag}/envs"),
    ("POST", "products/{tag}/envs"),
    ("GET", "products/{tag}/envs/dev"),
    ("PATCH", "products/{tag}/envs/dev"),
    ("DELETE", "products/{tag}/envs/dev"),
    ("GET", "products/{tag}/models"),
    ("POST", "products/{tag}/models"),
    ("GET", "products/{tag}/models/m"),
    ("PATCH", "products/{tag}/models/m"),
    ("DELETE", "products/{tag}/models/m"),
    ("GET", "products/{tag}/agents"),
    ("GET", "products/{tag}/agents/a"),
    ("PUT", "products/{tag}/agents/a"),
    ("DELETE", "products/{tag}/agents/a"),
]
BODIES = {
    "products/{tag}/envs": {"slug": "qa"},
    "products/{tag}/models": {"tag": "m", "name": "M", "provider": "openai", "model": "gpt", "envs": []},
    "products/{tag}/agents/a": {"tag": "a", "model": "m"},
}


@pytest.mark.parametrize(("method", "path"), PATHS, ids=lambda value: str(value))
def test_another_workspaces_product_is_one_that_does_not_exist(
    shop: Product, mallory: Any, method: str, path: str
) -> None:
    body = BODIES.get(path, {}) if method in {"POST", "PUT", "PATCH"} else None

    def answer(tag: str) -> tuple[int, str]:
        response = mallory._send(method, path.format(tag=tag), body)
        error = response.json()["error"]
        return response.status_code, str({**error, "request_id": ""}).replace(tag, "TAG")

    assert answer("shop") == answer("hops")
    assert answer("shop")[0] == 404


def test_lists_hold_the_own_rows_only(shop: Product, alice: Any, mallory: Any) -> None:
    assert [row["tag"] for row in alice.get("products").json()["data"]] == ["shop"]
    assert mallory.get("products").json()["data"] == []


def test_a_query_without_a_workspace_raises(db: None) -> None:
    with pytest.raises(ScopeError):
        Product.objects.count()
