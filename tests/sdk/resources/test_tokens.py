from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ductape import ConflictError, Ductape, PermissionDeniedError, ValidationError
from tests.sdk.loopback import Server, error, ok
from tests.sdk.samples import ACCESS_TOKEN, CURRENT_TOKEN

TOKENS = "/api/v1/tokens"
TOKEN = f"{TOKENS}/t1"
ISSUED = {**ACCESS_TOKEN, "token": "dts_canary-issued"}


def test_create_sends_only_what_is_given(server: Server, client: Ductape) -> None:
    server.on("POST", TOKENS, ok(ISSUED, 201))
    client.tokens.create(name="ci", scopes=["read", "run"])
    client.tokens.create(
        name="ci", scopes=("read",), products=["shop"], envs=["dev"], member="carol", expires_in_days=30
    )
    assert [request.json() for request in server.received] == [
        {"name": "ci", "scopes": ["read", "run"]},
        {
            "name": "ci",
            "scopes": ["read"],
            "products": ["shop"],
            "envs": ["dev"],
            "member": "carol",
            "expires_in_days": 30,
        },
    ]


def test_the_token_is_there_and_in_no_repr(server: Server, client: Ductape) -> None:
    server.on("POST", TOKENS, ok(ISSUED, 201))
    issued = client.tokens.create(name="ci", scopes=["read"])
    assert issued.token == "dts_canary-issued"
    assert "canary-issued" not in repr(issued)
    assert "canary-issued" not in str(issued)


@pytest.mark.parametrize(
    ("call", "param"),
    [
        (lambda tokens: tokens.create(name="", scopes=["read"]), "name"),
        (lambda tokens: tokens.create(name="ci", scopes=[]), "scopes"),
        (lambda tokens: tokens.create(name="ci", scopes=["root"]), "scopes.0"),
        (lambda tokens: tokens.create(name="ci", scopes=["read"], products=[]), "products"),
        (lambda tokens: tokens.create(name="ci", scopes=["read"], envs=["D"]), "envs.0"),
        (lambda tokens: tokens.create(name="ci", scopes=["read"], expires_in_days=366), "expires_in_days"),
        (lambda tokens: tokens.create(name="ci", scopes=["read"], expires_in_days=None), "expires_in_days"),
        (lambda tokens: tokens.rotate(id="t1", grace_hours=169), "grace_hours"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(
    server: Server, client: Ductape, call: Callable[[Any], object], param: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        call(client.tokens)
    assert refused.value.param == param
    assert server.received == []


def test_fetch_and_fetch_all(server: Server, client: Ductape) -> None:
    server.on("GET", TOKEN, ok(ACCESS_TOKEN))
    server.on("GET", TOKENS, ok({"data": [ACCESS_TOKEN], "next_cursor": "t1"}))
    server.on("GET", f"{TOKENS}?cursor=t1", ok({"data": [ACCESS_TOKEN], "next_cursor": None}))
    assert client.tokens.fetch(id="t1").shown == "dts_canary-a"
    assert [token.id for token in client.tokens.list()] == ["t1", "t1"]


def test_rotate_has_a_grace_period(server: Server, client: Ductape) -> None:
    server.on("POST", f"{TOKEN}/rotate", ok({**ISSUED, "replaces": "t0"}, 201))
    assert client.tokens.rotate(id="t1").replaces == "t0"
    client.tokens.rotate(id="t1", grace_hours=0)
    assert [request.json() for request in server.received] == [{}, {"grace_hours": 0}]


def test_a_second_rotation_is_a_conflict(server: Server, client: Ductape) -> None:
    server.on("POST", f"{TOKEN}/rotate", error(409, "already_rotated"))
    with pytest.raises(ConflictError, match="already_rotated"):
        client.tokens.rotate(id="t1")


def test_revoke_shows_the_ended_token(server: Server, client: Ductape) -> None:
    server.on("DELETE", TOKEN, ok({**ACCESS_TOKEN, "revoked_at": ACCESS_TOKEN["created_at"]}))
    assert client.tokens.revoke(id="t1").revoked_at is not None


def test_whoami(server: Server, client: Ductape) -> None:
    server.on("GET", "/api/v1/token", ok(CURRENT_TOKEN))
    seen = client.tokens.whoami()
    assert (seen.workspace, seen.member, seen.role, seen.scopes) == ("acme", "carol", "viewer", ["read"])


def test_a_binding_that_is_too_narrow_is_permission_denied(server: Server, client: Ductape) -> None:
    server.on("POST", TOKENS, error(403, "missing_scope"))
    with pytest.raises(PermissionDeniedError):
        client.tokens.create(name="ci", scopes=["read"])
