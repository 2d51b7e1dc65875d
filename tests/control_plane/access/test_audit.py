"""`GET /api/v1/audit`"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from control_plane.products.models import Product
from control_plane.workspaces.models import Role, Scope


def actions(caller: Any, query: str = "") -> list[str]:
    answer = caller.get(f"audit{query}")
    assert answer.status_code == 200, answer.json()
    return [entry["action"] for entry in answer.json()["data"]]


def test_it_is_told_newest_first_with_who_did_it(alice: Any, shop: Product) -> None:
    alice.patch("products/shop", {"name": "Renamed"})
    newest = alice.get("audit").json()["data"][0]

    assert (newest["action"], newest["kind"], newest["tag"]) == ("product.updated", "product", "shop")
    assert (newest["before"], newest["after"]) == ({"name": "Shop"}, {"name": "Renamed"})
    assert newest["actor"]["name"] == "alice"
    assert newest["actor"]["id"] == alice.get("token").json()["id"]
    assert newest["actor"]["address"] == "127.0.0.1"
    assert len(newest["hash"]) == 64


def test_its_pages_follow_each_other(alice: Any, shop: Product) -> None:
    told, query = [], "?limit=2"
    while True:
        page = alice.get(f"audit{query}").json()
        told += [entry["seq"] for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert told == sorted(told, reverse=True)
    assert told[-1] == 1


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?action=env.created&tag=prd", ["env.created"]),
        ("?kind=product", ["product.created"]),
        ("?kind=product&tag=none", []),
        ("?product=shop&env=dev", ["env.created"]),
        ("?actor=nobody", []),
        ("?actor=alice&kind=product", ["product.created"]),
        ("?until=2020-01-01T00:00:00Z", []),
        ("?kind=product&since=2020-01-01T00:00:00Z", ["product.created"]),
    ],
)
def test_a_filter_leaves_the_rest_out(alice: Any, shop: Product, query: str, told: list[str]) -> None:
    assert actions(alice, query) == told


def test_since_is_in_it_and_until_is_not(alice: Any, shop: Product) -> None:
    at = quote(alice.get("audit?kind=product").json()["data"][0]["at"])
    assert actions(alice, f"?kind=product&since={at}") == ["product.created"]
    assert actions(alice, f"?kind=product&until={at}") == []


@pytest.mark.parametrize("query", ["?since=yesterday", "?since=2026-11-22T09:00:00", "?color=red", "?action="])
def test_a_filter_that_is_none_is_refused(alice: Any, refused: Any, query: str) -> None:
    assert refused(alice.get(f"audit{query}"))[0] == 422


def test_a_bound_admin_sees_what_it_is_bound_to(alice: Any, shop: Product, bound: Callable[..., Any]) -> None:
    alice.post("products", {"name": "Other", "envs": []})

    told = bound(Scope.ADMIN, products=["shop"], envs=["dev"]).get("audit").json()["data"]
    assert [(entry["action"], entry["product"], entry["env"]) for entry in told] == [("env.created", "shop", "dev")]
    assert "other" not in {entry["product"] for entry in bound(products=["shop"]).get("audit").json()["data"]}


def test_a_member_is_named_beside_the_token(alice: Any, bound: Callable[..., Any], member_with: Any) -> None:
    bound(Scope.ADMIN, member=member_with(Role.ADMIN)).post("products", {"name": "Hers", "envs": []})
    assert alice.get("audit?kind=product").json()["data"][0]["actor"]["member"] == "admin"


def test_nobody_else_sees_it(alice: Any, shop: Product, mallory: Any, bob: Any, refused: Any) -> None:
    assert "product.created" not in actions(mallory)
    assert refused(bob.get("audit")) == (403, "missing_scope")
