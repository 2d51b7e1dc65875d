from __future__ import annotations

import pytest
from django_scopes import scope

from control_plane.workspaces.reach import EVERYWHERE, Reach, current_reach


def test_it_holds_inside_its_scope_only() -> None:
    reach = Reach.of(["a"], None)
    with scope(reach=reach):
        assert current_reach() == reach
        with scope(workspace="acme"):
            assert current_reach() == reach
    assert current_reach() == EVERYWHERE


def test_an_empty_binding_is_none_of_them_not_all() -> None:
    assert EVERYWHERE.has_env("dev")
    assert not Reach.of(None, []).has_env("dev")


def test_nobody_changes_a_reach() -> None:
    with pytest.raises(AttributeError):
        EVERYWHERE.products = frozenset()  # type: ignore[misc]
