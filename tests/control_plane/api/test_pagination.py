from __future__ import annotations

from typing import Any

import pytest

from ductape.sealing import b64_encode


def test_pages_join_to_the_whole_list_in_order(alice: Any) -> None:
    tags = [f"p{number:02}" for number in range(7)]
    for tag in reversed(tags):
        alice.post("products", {"name": tag, "envs": []})

    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        body = alice.get(f"products?limit=3&cursor={cursor}").json()
        seen += [row["tag"] for row in body["data"]]
        cursor = body["next_cursor"]

    assert seen == tags


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=-1", "limit=²", "cursor=!", "cursor=_w"])
def test_a_bad_limit_or_cursor_is_named(alice: Any, refused: Any, query: str) -> None:
    answer = alice.get(f"products?{query}")

    assert refused(answer) == (422, "invalid_argument")
    assert answer.json()["error"]["param"] == query.split("=")[0]


def test_a_cursor_of_another_list_is_refused(names: object, alice: Any, refused: Any) -> None:
    by_tag = b64_encode(b"gpt")

    assert refused(alice.get(f"products/shop/models/gpt/versions?cursor={by_tag}")) == (422, "invalid_argument")
