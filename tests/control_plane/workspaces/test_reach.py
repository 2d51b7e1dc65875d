from __future__ import annotations

from itertools import product

import pytest
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from control_plane.workspaces.reach import EVERYWHERE, Reach, current_reach

NAMES = ["a", "b", "c"]
bindings = st.none() | st.frozensets(st.sampled_from(NAMES))
reaches = st.builds(Reach, bindings, bindings)


def seen(reach: Reach) -> set[tuple[str, str]]:
    """The pairs of product and environment that it reaches; `z` stands for any that nobody named."""
    return {
        (tag, slug) for tag, slug in product([*NAMES, "z"], repeat=2) if reach.has_product(tag) and reach.has_env(slug)
    }


@given(reaches, reaches)
def test_what_is_covered_is_seen(wide: Reach, narrow: Reach) -> None:
    if wide.covers(narrow):
        assert seen(narrow) <= seen(wide)


@given(reaches, reaches, reaches)
def test_covering_is_an_order_below_everywhere(one: Reach, two: Reach, three: Reach) -> None:
    assert EVERYWHERE.covers(one)
    assert one.covers(one)
    assert not (one.covers(two) and two.covers(three)) or one.covers(three)
    assert not (one.covers(two) and two.covers(one)) or one == two


def test_an_empty_binding_is_none_of_them_not_all() -> None:
    assert seen(Reach.of([], None)) == set()
    assert not Reach.of([], None).covers(EVERYWHERE)


def test_it_holds_inside_its_scope_only() -> None:
    reach = Reach.of(["a"], None)
    with scope(reach=reach):
        assert current_reach() == reach
    assert current_reach() == EVERYWHERE


def test_nobody_changes_a_reach() -> None:
    with pytest.raises(AttributeError):
        EVERYWHERE.products = frozenset()  # type: ignore[misc]
