from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.workspaces.models import Role, Scope
from tests.control_plane.conftest import Caller


def test_a_token_says_whom_it_speaks_for(alice: Caller) -> None:
    seen = alice.get("token").json()

    assert (seen["name"], seen["workspace"], seen["member"], seen["role"]) == ("alice", "acme", None, None)
    assert seen["scopes"] == ["read", "write", "run", "admin"]
    assert (seen["products"], seen["envs"]) == (None, None)


@pytest.mark.parametrize("scope", Scope)
def test_any_scope_is_enough_to_ask(bound: Callable[..., Caller], scope: Scope) -> None:
    seen = bound(scope, products=["shop"], envs=["dev"]).get("token").json()

    assert scope in seen["scopes"]
    assert (seen["products"], seen["envs"]) == (["shop"], ["dev"])


def test_a_members_token_shows_what_the_role_leaves_of_it(
    bound: Callable[..., Caller], member_with: Callable[..., Any]
) -> None:
    seen = bound(Scope.ADMIN, member=member_with(Role.DEVELOPER)).get("token").json()

    assert (seen["member"], seen["role"]) == ("developer", "developer")
    assert seen["scopes"] == ["read", "write", "run"]
