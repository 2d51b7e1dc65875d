from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from control_plane.audit.changes import LONGEST_TEXT, changed, keepable
from tests.control_plane.audit.conftest import Entries

STATES = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | st.integers(0, 2), max_size=3),
    max_leaves=8,
)


@given(STATES, STATES)
@settings(max_examples=60)
def test_what_is_kept_is_what_differs(before: dict[str, Any], after: dict[str, Any]) -> None:
    was, now = changed(before, after)
    assert changed(after, before) == (now, was)
    assert changed(before, before) == ({}, {})
    for name in before.keys() & after.keys():
        if before[name] == after[name]:
            assert name not in was.keys() | now.keys()
    assert all(now[name] == after[name] for name in after.keys() - before.keys())
    assert all(was[name] == before[name] for name in before.keys() - after.keys())


def test_an_update_says_what_it_was_and_what_it_is(alice: Any, gpt: Any, entries: Entries) -> None:
    alice.patch("products/shop/models/gpt", {"max_tokens": 50, "message": "cheaper"})

    said = json.loads(entries("model.updated")[-1].details)
    assert said["before"] == {"settings": {"max_tokens": 100}}
    assert said["after"] == {"settings": {"max_tokens": 50}}
    assert (said["version"], said["message"]) == (2, "cheaper")


def test_what_changes_nothing_writes_nothing(alice: Any, gpt: Any, entries: Entries) -> None:
    alice.patch("products/shop/models/gpt", {"max_tokens": 100})
    assert entries("model.updated") == []


def test_a_long_text_is_cut_and_a_secret_in_it_masked() -> None:
    kept = keepable({"prompt": "x" * 2 * LONGEST_TEXT, "note": ["use dts_0123456789abcdefghij"]})
    assert kept["prompt"].endswith(f"… ({2 * LONGEST_TEXT} characters)")
    assert kept["note"] == ["use ***"]
