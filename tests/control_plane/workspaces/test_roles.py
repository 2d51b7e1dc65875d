from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from control_plane.workspaces.models import Role, Scope
from control_plane.workspaces.roles import granted, scopes_of

TABLE = {
    (Role.VIEWER, Scope.READ): True,
    (Role.VIEWER, Scope.RUN): False,
    (Role.VIEWER, Scope.WRITE): False,
    (Role.VIEWER, Scope.ADMIN): False,
    (Role.DEVELOPER, Scope.READ): True,
    (Role.DEVELOPER, Scope.RUN): True,
    (Role.DEVELOPER, Scope.WRITE): True,
    (Role.DEVELOPER, Scope.ADMIN): False,
    (Role.ADMIN, Scope.READ): True,
    (Role.ADMIN, Scope.RUN): True,
    (Role.ADMIN, Scope.WRITE): True,
    (Role.ADMIN, Scope.ADMIN): True,
}


@pytest.mark.parametrize(("role", "scope"), list(product(Role, Scope)), ids=str)
def test_a_role_may_what_the_table_says(role: Role, scope: Scope) -> None:
    assert (scope in scopes_of(role)) == TABLE[role, scope]


def test_the_document_shows_the_table() -> None:
    text = (Path(__file__).parents[3] / "docs" / "access.md").read_text()
    rows = re.findall(r"^\| `(\w+)`:[^|]*\| (.*) \|$", text, re.MULTILINE)
    shown = {
        (role, Scope(scope)): "yes" in cell
        for scope, cells in rows
        for role, cell in zip((Role.VIEWER, Role.DEVELOPER, Role.ADMIN), cells.split("|"), strict=True)
    }
    assert shown == TABLE


def test_admin_includes_the_others_and_nothing_else_includes_any() -> None:
    assert granted(["admin"]) == set(Scope)
    assert granted(["write", "run"]) == {Scope.WRITE, Scope.RUN}
    assert granted([]) == set()
