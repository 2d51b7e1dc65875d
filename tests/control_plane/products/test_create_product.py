from __future__ import annotations

from typing import Any

import pytest


def test_a_product_gets_its_tag_from_its_name_and_three_environments(alice: Any) -> None:
    made = alice.post("products", {"name": "My Product"})

    assert made.status_code == 201
    assert made.json()["tag"] == "my-product"
    assert [env["slug"] for env in made.json()["envs"]] == ["dev", "stg", "prd"]
    assert alice.get("products/my-product").json() == made.json()


def test_given_environments_replace_the_three(alice: Any) -> None:
    made = alice.post("products", {"name": "P", "envs": [{"slug": "qa", "active": False}]}).json()

    assert [(env["slug"], env["active"]) for env in made["envs"]] == [("qa", False)]


def test_a_taken_tag_is_a_conflict_and_changes_nothing(alice: Any, refused: Any) -> None:
    first = alice.post("products", {"name": "Shop"}).json()

    assert refused(alice.post("products", {"name": "shop", "description": "other"})) == (409, "already_exists")
    assert alice.get("products/shop").json() == first


def test_two_workspaces_may_use_the_same_tag(alice: Any, mallory: Any) -> None:
    assert alice.post("products", {"name": "Shop"}).status_code == 201
    assert mallory.post("products", {"name": "Shop"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "invalid_argument", "name"),
        ({"name": 7}, "invalid_argument", "name"),
        ({"name": ""}, "invalid_argument", "name"),
        ({"name": "!!!"}, "invalid_argument", "tag"),
        ({"name": "P", "tag": "Not A Tag"}, "invalid_argument", "tag"),
        ({"name": "P", "colour": "red"}, "unknown_argument", "colour"),
        ({"name": "P", "envs": [{"slug": "d"}]}, "invalid_argument", "envs.0.slug"),
        ({"name": "P", "envs": [{"slug": "dev"}, {"slug": "dev"}]}, "invalid_argument", "envs"),
        ({"name": "nul \x00"}, "invalid_argument", None),
        ([], "invalid_argument", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_argument_is_named(alice: Any, refused: Any, body: Any, code: str, param: str | None) -> None:
    answer = alice.post("products", body)

    assert refused(answer) == (422, code)
    assert answer.json()["error"]["param"] == param
    assert alice.get("products").json()["data"] == []


def test_reading_is_not_enough(bob: Any, refused: Any) -> None:
    assert refused(bob.post("products", {"name": "P"})) == (403, "missing_scope")
