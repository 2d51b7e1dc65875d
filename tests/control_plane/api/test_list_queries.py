"""A list asks the database as often for twenty as for two."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from control_plane.products.models import Product

LISTS = ["products", "products/shop/models", "products/shop/agents"]


def fill(alice: Any, numbers: range) -> None:
    local = {"provider": "local", "model": "a/b", "envs": [{"slug": "dev"}, {"slug": "prd"}]}
    envs = [{"slug": "dev"}, {"slug": "prd", "model": "later"}]
    for number in numbers:
        alice.post("products", {"name": f"Shop {number}"})
        alice.post("products/shop/models", {"tag": f"m{number}", "name": "M", **local})
        alice.put(f"products/shop/agents/a{number}", {"tag": f"a{number}", "model": f"m{number % 3}", "envs": envs})


def asked(alice: Any, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        found = alice.get(path).json()["data"]
    assert len(found) >= 2
    return len(queries)


@pytest.mark.django_db
def test_the_length_of_a_list_costs_no_queries(shop: Product, alice: Any) -> None:
    fill(alice, range(2))
    two = [asked(alice, path) for path in LISTS]
    fill(alice, range(2, 20))

    assert [asked(alice, path) for path in LISTS] == two
