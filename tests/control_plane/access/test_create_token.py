from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from control_plane.products.models import Product
from control_plane.workspaces.models import AccessToken, Role, Scope
from control_plane.workspaces.services import check_token
from tests.control_plane.access.conftest import Clock
from tests.control_plane.conftest import Caller


def test_a_token_is_shown_once_and_works(shop: Product, alice: Caller) -> None:
    made = alice.post("tokens", {"name": "ci", "scopes": ["run", "read"]})

    assert made.status_code == 201
    token = made.json().pop("token")
    assert Caller(token, alice.workspace).get("products/shop").status_code == 200
    fetched = alice.get(f"tokens/{made.json()['id']}")
    assert fetched.json()["scopes"] == ["read", "run"]
    for answer in (fetched, alice.get("tokens")):
        assert token not in answer.content.decode()
        assert "digest" not in answer.content.decode()
    assert token not in str(list(AccessToken.objects.values()))


@pytest.mark.parametrize(("given", "days"), [({}, 90), ({"expires_in_days": 1}, 1), ({"expiresInDays": 365}, 365)])
def test_it_expires(alice: Caller, clock: Clock, given: dict[str, int], days: int) -> None:
    made = alice.post("tokens", {"name": "ci", "scopes": ["admin"], **given}).json()
    caller = Caller(made["token"], alice.workspace)

    assert (datetime.fromisoformat(made["expires_at"]) - clock.now).days == days
    clock.move(days=days, seconds=-1)
    assert caller.get("token").status_code == 200
    clock.move(seconds=1)
    assert caller.get("token").status_code == 401


def test_bindings_are_kept(shop: Product, alice: Caller) -> None:
    made = alice.post("tokens", {"name": "ci", "scopes": ["read"], "products": ["shop"], "envs": ["prd"]}).json()

    assert (made["products"], made["envs"]) == (["shop"], ["prd"])
    caller = Caller(made["token"], alice.workspace)
    assert caller.get("products/shop/envs/prd").status_code == 200
    assert caller.get("products/shop/envs/dev").status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "invalid_argument", "name"),
        ({"scopes": []}, "invalid_argument", "scopes"),
        ({"scopes": ["root"]}, "invalid_argument", "scopes.0"),
        ({"scopes": "admin"}, "invalid_argument", "scopes"),
        ({"expires_in_days": None}, "invalid_argument", "expires_in_days"),
        ({"expires_in_days": 0}, "invalid_argument", "expires_in_days"),
        ({"expires_in_days": 366}, "invalid_argument", "expires_in_days"),
        ({"products": []}, "invalid_argument", "products"),
        ({"products": ["nope"]}, "unknown_product", "products"),
        ({"envs": ["qa"]}, "unknown_env", "envs"),
        ({"products": ["bare"], "envs": ["dev"]}, "unknown_env", "envs"),
        ({"member": "nobody"}, "unknown_member", "member"),
        ({"token": "dts_mine"}, "unknown_argument", "token"),
        ({"name": "nul \x00"}, "invalid_argument", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_argument_is_named(
    shop: Product, alice: Caller, refused: Any, body: dict[str, Any], code: str, param: str | None
) -> None:
    alice.post("products", {"name": "Bare", "envs": []})
    answer = alice.post("tokens", {"name": "ci", "scopes": ["read"], **body} if body else {"scopes": ["read"]})

    assert refused(answer) == (422, code)
    assert answer.json()["error"]["param"] == param
    assert AccessToken.objects.count() == 1


def test_what_the_creator_does_not_reach_cannot_be_given(
    shop: Product, alice: Caller, bound: Callable[..., Caller], refused: Any
) -> None:
    alice.post("products", {"name": "Other", "envs": [{"slug": "dev"}, {"slug": "prd"}]})
    creator = bound(products=["shop"], envs=["dev"])
    body = {"name": "wider", "scopes": ["read"]}

    assert refused(creator.post("tokens", {**body, "products": ["shop", "other"]})) == (422, "unknown_product")
    assert refused(creator.post("tokens", {**body, "envs": ["dev", "prd"]})) == (422, "unknown_env")
    inherited = creator.post("tokens", body).json()
    assert (inherited["products"], inherited["envs"]) == (["shop"], ["dev"])


def test_a_members_token_never_does_more_than_the_role(
    alice: Caller, member_with: Callable[..., Any], refused: Any
) -> None:
    member_with(Role.DEVELOPER)
    body = {"name": "laptop", "member": "developer"}

    for scopes in (["admin"], ["read", "admin"]):
        assert refused(alice.post("tokens", {**body, "scopes": scopes})) == (422, "beyond_role")
    made = alice.post("tokens", {**body, "scopes": ["read", "write"]}).json()
    assert made["member"] == "developer"
    principal = check_token(made["token"])
    assert principal is not None
    assert principal.scopes == {Scope.READ, Scope.WRITE}
