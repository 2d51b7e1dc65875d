from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from control_plane.products.models import Product

MODEL = "products/shop/models/smol"
AGENT = "products/shop/agents/helper"
HELPER = {"tag": "helper", "model": "smol"}


@pytest.fixture
def smol(shop: Product, alice: Any) -> None:
    body = {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "envs": []}
    assert alice.post("products/shop/models", body).headers["ETag"] == '"1"'


def test_answers_carry_the_version(smol: None, alice: Any) -> None:
    assert alice.get(MODEL).headers["ETag"] == '"1"'
    assert alice.patch(MODEL, {"name": "T"}).headers["ETag"] == '"2"'
    assert alice.put(AGENT, HELPER).headers["ETag"] == '"1"'
    assert alice.get(AGENT).headers["ETag"] == '"1"'
    assert "ETag" not in alice.get("products/shop").headers
    assert "ETag" not in alice.get("products/shop/models").headers


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"'])
def test_a_change_of_the_present_version_is_made(smol: None, alice: Any, tag: str) -> None:
    assert alice.patch(MODEL, {"name": "T"}, **{"If-Match": tag}).json()["version"] == 2


def test_a_change_of_another_version_is_refused_and_names_the_present_one(smol: None, alice: Any, refused: Any) -> None:
    alice.patch(MODEL, {"name": "T"})
    answer = alice.patch(MODEL, {"name": "U"}, **{"If-Match": '"1"'})

    assert refused(answer) == (412, "version_mismatch")
    assert "is at version 2, not 1" in answer.json()["error"]["message"]
    assert alice.get(MODEL).json()["name"] == "T"


def test_an_agent_is_replaced_at_its_version_and_created_at_zero(smol: None, alice: Any, refused: Any) -> None:
    assert refused(alice.put(AGENT, HELPER, **{"If-Match": '"1"'})) == (412, "version_mismatch")
    assert alice.put(AGENT, HELPER, **{"If-Match": '"0"'}).json()["version"] == 1
    assert refused(alice.put(AGENT, HELPER, **{"If-Match": '"0"'})) == (412, "version_mismatch")
    assert alice.put(AGENT, {**HELPER, "name": "H"}, **{"If-Match": '"1"'}).json()["version"] == 2


@pytest.mark.parametrize("tag", ["1", "*", '"1", "2"', '"x"', "", '"-1"', '"1234567890"'])
def test_what_names_no_version_is_refused(smol: None, alice: Any, refused: Any, tag: str) -> None:
    assert refused(alice.patch(MODEL, {"name": "T"}, **{"If-Match": tag})) == (422, "invalid_argument")


@pytest.mark.django_db(transaction=True)
def test_of_many_changes_of_one_version_one_wins(smol: None, alice: Any) -> None:
    def change(number: int) -> int:
        try:
            return int(alice.patch(MODEL, {"name": f"N{number}"}, **{"If-Match": '"1"'}).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        assert sorted(threads.map(change, range(10))) == [200] + [412] * 9
