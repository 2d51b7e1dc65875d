from __future__ import annotations

from typing import Any

import pytest
from django_scopes.exceptions import ScopeError

from control_plane.products.models import Product


def test_lists_hold_the_own_rows_only(shop: Product, alice: Any, mallory: Any) -> None:
    assert [row["tag"] for row in alice.get("products").json()["data"]] == ["shop"]
    assert mallory.get("products").json()["data"] == []


def test_a_query_without_a_workspace_raises(db: None) -> None:
    with pytest.raises(ScopeError):
        Product.objects.count()
