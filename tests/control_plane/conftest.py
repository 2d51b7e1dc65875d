"""The cast: alice owns the workspace, bob may only read in it, mallory belongs to another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.tenancy.entering import in_workspace
from control_plane.workspaces.models import Member, Role, Scope, Workspace
from control_plane.workspaces.reach import Reach
from control_plane.workspaces.services import add_member, create_workspace, issue, issue_token
from tests.control_plane.api.described import check_answer


@dataclass(frozen=True)
class Caller:
    """Somebody with an access token."""

    token: str
    workspace: Workspace

    def get(self, path: str) -> Any:
        return self._send("GET", path)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("POST", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("PUT", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path)

    def _send(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        answer = Client().generic(
            method,
            f"/api/v1/{path}",
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
        )
        check_answer(method, f"/api/v1/{path.partition('?')[0]}", answer.status_code, answer.json())
        return answer


@pytest.fixture
def acme(db: None) -> Workspace:
    return create_workspace(tag="acme", name="Acme")


@pytest.fixture
def alice(acme: Workspace) -> Caller:
    return Caller(issue_token(workspace=acme, name="alice", scopes=[Scope.ADMIN]), acme)


@pytest.fixture
def bob(acme: Workspace) -> Caller:
    return Caller(issue_token(workspace=acme, name="bob", scopes=[Scope.READ]), acme)


@pytest.fixture
def mallory(db: None) -> Caller:
    other = create_workspace(tag="evil", name="Evil")
    return Caller(issue_token(workspace=other, name="mallory", scopes=[Scope.ADMIN]), other)


@pytest.fixture
def bound(acme: Workspace) -> Callable[..., Caller]:
    """Somebody with a token of alice's workspace that is bound to products or environments."""

    def somebody(
        *scopes: Scope, products: list[str] | None = None, envs: list[str] | None = None, member: Member | None = None
    ) -> Caller:
        given = scopes or [Scope.ADMIN]
        issued = issue(workspace_id=acme.id, name="x", scopes=given, reach=Reach.of(products, envs), member=member)
        return Caller(issued.token, acme)

    return somebody


@pytest.fixture
def member_with(acme: Workspace) -> Callable[[Role], Member]:
    """A member of alice's workspace, named as the role."""

    def somebody(role: Role) -> Member:
        with in_workspace(acme.id):
            return add_member(workspace_id=acme.id, user=role.value, role=role)

    return somebody


@pytest.fixture
def shop(request: pytest.FixtureRequest, alice: Caller) -> Iterator[Product]:
    """Alice's product `shop` with the environments dev and prd, its workspace in scope.

    Being in a workspace is being in a transaction, so a test whose threads have to see each other's rows is in none.
    """
    alice.post("products", {"name": "Shop", "envs": [{"slug": "dev"}, {"slug": "prd"}]})
    with ExitStack() as entered:
        entered.enter_context(in_workspace(alice.workspace.id))
        product = get_product("shop")
        marker = request.node.get_closest_marker("django_db")
        if marker is not None and marker.kwargs.get("transaction"):
            entered.close()
        yield product


def error_of(response: Any) -> tuple[int, str]:
    """Status and code of an error answer; fails unless it has exactly the error shape."""
    error = response.json()["error"]
    assert set(error) == {"code", "message", "param", "request_id", "retryable"}
    assert error["request_id"] == response.headers["X-Request-Id"]
    return response.status_code, error["code"]


@pytest.fixture
def refused() -> Any:
    return error_of
