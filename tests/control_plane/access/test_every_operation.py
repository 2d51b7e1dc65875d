"""Who may do what, operation by operation. The table is the promise; the URL conf says whether it is whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from control_plane.api.docs import DocumentView
from control_plane.api.views import ServiceView, TenantView
from control_plane.products.models import Product
from control_plane.workspaces.models import Role, Scope
from tests.control_plane.operations import Operation, operations

VIEWER = {Role.VIEWER, Role.DEVELOPER, Role.ADMIN}
DEVELOPER = {Role.DEVELOPER, Role.ADMIN}
ADMIN = {Role.ADMIN}

ALLOWED = {
    "GET token": VIEWER,
    "GET products": VIEWER,
    "POST products": DEVELOPER,
    "GET products/<product>": VIEWER,
    "PATCH products/<product>": DEVELOPER,
    "DELETE products/<product>": DEVELOPER,
    "GET products/<product>/sealing-key": VIEWER,
    "POST products/<product>/rotate-sealing-key": DEVELOPER,
    "GET products/<product>/envs": VIEWER,
    "POST products/<product>/envs": DEVELOPER,
    "GET products/<product>/envs/<slug>": VIEWER,
    "PATCH products/<product>/envs/<slug>": DEVELOPER,
    "DELETE products/<product>/envs/<slug>": DEVELOPER,
    "GET products/<product>/models": VIEWER,
    "POST products/<product>/models": DEVELOPER,
    "GET products/<product>/models/<model>": VIEWER,
    "PATCH products/<product>/models/<model>": DEVELOPER,
    "DELETE products/<product>/models/<model>": DEVELOPER,
    "GET products/<product>/models/<model>/envs/<slug>/keys": VIEWER,
    "POST products/<product>/models/<model>/envs/<slug>/keys": DEVELOPER,
    "DELETE products/<product>/models/<model>/envs/<slug>/keys/<number>": DEVELOPER,
    "GET products/<product>/agents": VIEWER,
    "GET products/<product>/agents/<agent>": VIEWER,
    "PUT products/<product>/agents/<agent>": DEVELOPER,
    "DELETE products/<product>/agents/<agent>": DEVELOPER,
    "GET products/<product>/models/<model>/versions": VIEWER,
    "GET products/<product>/models/<model>/versions/<number>": VIEWER,
    "GET products/<product>/models/<model>/diff": VIEWER,
    "POST products/<product>/models/<model>/rollback": DEVELOPER,
    "POST products/<product>/models/<model>/resolve": VIEWER,
    "GET products/<product>/agents/<agent>/versions": VIEWER,
    "GET products/<product>/agents/<agent>/versions/<number>": VIEWER,
    "GET products/<product>/agents/<agent>/diff": VIEWER,
    "POST products/<product>/agents/<agent>/rollback": DEVELOPER,
    "POST products/<product>/agents/<agent>/resolve": VIEWER,
    "POST products/<product>/promote": DEVELOPER,
    "GET products/<product>/readiness": VIEWER,
    "GET tokens": ADMIN,
    "POST tokens": ADMIN,
    "GET tokens/<token>": ADMIN,
    "DELETE tokens/<token>": ADMIN,
    "POST tokens/<token>/rotate": ADMIN,
    "GET audit": ADMIN,
    "GET members": ADMIN,
    "POST members": ADMIN,
    "GET members/<member>": ADMIN,
    "PATCH members/<member>": ADMIN,
    "DELETE members/<member>": ADMIN,
}
NOBODY = "00000000-0000-7000-8000-000000000000"
ARGUMENTS = {
    "product": "shop",
    "slug": "dev",
    "model": "none",
    "agent": "none",
    "number": "1",
    "token": NOBODY,
    "member": NOBODY,
}
PUBLIC = {ServiceView, DocumentView}
OPERATIONS = [operation for operation in operations() if operation.view not in PUBLIC]

# Bodies that are refused with 422 by whoever reads them: nothing is changed, and a 403 comes before.
BAD_BODY = {"colour": "red"}


def ask(caller: Any, operation: Operation) -> Any:
    body = BAD_BODY if operation.method in {"POST", "PUT", "PATCH"} else None
    return caller._send(operation.method, operation.path(ARGUMENTS), body)


def test_the_table_holds_every_operation() -> None:
    assert {str(operation) for operation in OPERATIONS} == set(ALLOWED)


def test_every_view_that_is_not_public_belongs_to_a_workspace() -> None:
    assert [operation.view for operation in OPERATIONS if not issubclass(operation.view, TenantView)] == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_member_may_what_the_role_says(
    shop: Product, bound: Callable[..., Any], member_with: Any, refused: Any, operation: Operation, role: Role
) -> None:
    answer = ask(bound(Scope.ADMIN, member=member_with(role)), operation)

    if role in ALLOWED[str(operation)]:
        assert answer.status_code in {200, 404, 422}
    else:
        assert refused(answer) == (403, "missing_scope")


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.changes], ids=str)
@pytest.mark.parametrize("scopes", [[Scope.READ], [Scope.RUN], [Scope.READ, Scope.RUN]], ids=str)
def test_no_token_without_write_changes_anything(
    shop: Product, bound: Callable[..., Any], refused: Any, operation: Operation, scopes: list[Scope]
) -> None:
    assert refused(ask(bound(*scopes), operation)) == (403, "missing_scope")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_nobody_gets_in_without_a_token(db: None, refused: Any, operation: Operation) -> None:
    answer = Client().generic(operation.method, f"/api/v1/{operation.path(ARGUMENTS)}")
    assert refused(answer) == (401, "invalid_token")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_options_needs_no_less_than_reading(bound: Callable[..., Any], refused: Any, operation: Operation) -> None:
    answer = bound(Scope.RUN)._send("OPTIONS", operation.path(ARGUMENTS))
    if operation.route != "token":
        assert refused(answer) == (403, "missing_scope")
