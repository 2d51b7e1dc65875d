from __future__ import annotations

from typing import Any

import pytest

from control_plane.products.models import Product

MODELS = "products/shop/models"


@pytest.fixture
def three(shop: Product, alice: Any) -> None:
    custom = {"slug": "prd", "base_url": "https://llm.example/v1"}
    for tag, provider, envs in [("a", "local", [{"slug": "dev"}]), ("b", "local", []), ("c", "custom", [custom])]:
        alice.post(MODELS, {"tag": tag, "name": tag, "provider": provider, "model": "m", "envs": envs})


def tags(answer: Any) -> list[str]:
    return [model["tag"] for model in answer.json()["data"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b", "c"]),
        ("?provider=local", ["a", "b"]),
        ("?provider=openai", []),
        ("?env=dev", ["a"]),
        ("?env=prd&provider=custom", ["c"]),
        ("?env=prd&provider=local", []),
    ],
)
def test_a_list_holds_what_all_its_filters_let_through(three: None, alice: Any, query: str, found: list[str]) -> None:
    assert tags(alice.get(f"{MODELS}{query}")) == found


def test_pages_are_of_what_the_filter_lets_through(three: None, alice: Any) -> None:
    first = alice.get(f"{MODELS}?provider=local&limit=1")
    cursor = first.json()["next_cursor"]

    assert tags(first) == ["a"]
    assert tags(alice.get(f"{MODELS}?provider=local&limit=1&cursor={cursor}")) == ["b"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?provider=nobody", 422, "invalid_argument"),
        ("?env=", 422, "invalid_argument"),
        ("?colour=red", 422, "unknown_argument"),
        ("?env=nope", 404, "env_not_found"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    three: None, alice: Any, refused: Any, query: str, status: int, code: str
) -> None:
    assert refused(alice.get(f"{MODELS}{query}")) == (status, code)
