"""The cast: alice owns the workspace, bob may only read in it, mallory belongs to another one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.tenancy.entering import in_workspace
from control_plane.workspaces.models import Scope, Workspace
from control_plane.workspaces.services import create_workspace, issue_token


@dataclass(frozen=True)
class Caller:
    """Somebody with an access token."""

    token: str
    workspace: Workspace

    def get(self, path: str) -> Any:
        return self._send("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self._send("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self._send("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self._send("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        return Client().generic(
            method,
            f"/api/v1/{path}",
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"},
        )


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
def shop(alice: Caller) -> Iterator[Product]:
    """Alice's product `shop` with the environments dev and prd, its workspace in scope."""
    alice.post("products", {"name": "Shop", "envs": [{"slug": "dev"}, {"slug": "prd"}]})
    with in_workspace(alice.workspace.id):
        yield get_product("shop")


def error_of(response: Any) -> tuple[int, str]:
    """Status and code of an error answer; fails unless it has exactly the error shape."""
    error = response.json()["error"]
    assert set(error) == {"code", "message", "param", "request_id", "retryable"}
    assert error["request_id"] == response.headers["X-Request-Id"]
    return response.status_code, error["code"]


@pytest.fixture
def refused() -> Any:
    return error_of
