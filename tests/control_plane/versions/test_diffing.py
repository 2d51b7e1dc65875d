from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from control_plane.versions.diffing import diff

scalars = st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=2) | st.lists(st.integers(0, 2), max_size=2)
names = st.sampled_from(["a", "b", "c"])
contents = st.dictionaries(names, scalars | st.dictionaries(names, scalars, max_size=3), max_size=3)


def test_each_difference_has_its_path_and_both_sides() -> None:
    before = {"name": "A", "settings": {"temperature": 0.7, "seed": 1}, "envs": {"dev": {"active": True}}}
    after = {"name": "A", "settings": {"temperature": None}, "envs": {"dev": {"active": True}, "prd": {}}}

    assert [change.model_dump() for change in diff(before, after)] == [
        {"path": "envs.prd", "kind": "added", "before": None, "after": {}},
        {"path": "settings.seed", "kind": "removed", "before": 1, "after": None},
        {"path": "settings.temperature", "kind": "changed", "before": 0.7, "after": None},
    ]


@given(contents, contents)
def test_applying_the_changes_to_one_side_gives_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    made = {name: dict(value) if isinstance(value, dict) else value for name, value in before.items()}
    for change in diff(before, after):
        *parents, name = change.path.split(".")
        place = made
        for parent in parents:
            place = place[parent]
        if change.kind == "removed":
            del place[name]
        else:
            place[name] = change.after
    assert made == after


@given(contents)
def test_nothing_differs_from_itself(content: dict[str, Any]) -> None:
    assert diff(content, content) == []
