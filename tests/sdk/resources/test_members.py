from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ductape import ConflictError, Ductape, ValidationError
from tests.sdk.loopback import Server, error, ok
from tests.sdk.samples import MEMBER

MEMBERS = "/api/v1/members"
CAROL = f"{MEMBERS}/u1"


def test_a_member_is_made_fetched_changed_and_deleted(server: Server, client: Ductape) -> None:
    server.on("POST", MEMBERS, ok(MEMBER, 201))
    server.on("GET", CAROL, ok(MEMBER))
    server.on("GET", MEMBERS, ok({"data": [MEMBER], "next_cursor": None}))
    server.on("PATCH", CAROL, ok({**MEMBER, "role": "admin"}))
    server.on("DELETE", CAROL, ok({"deleted": True, "tag": "carol"}))

    assert client.members.create(user="carol", role="viewer").id == "u1"
    assert client.members.fetch(id="u1").user == "carol"
    assert [member.role for member in client.members.list()] == ["viewer"]
    assert client.members.update(id="u1", role="admin").role == "admin"
    assert client.members.delete(id="u1").deleted
    sent = [request.json() for request in server.received if request.body]
    assert sent == [{"user": "carol", "role": "viewer"}, {"role": "admin"}]


@pytest.mark.parametrize(
    ("call", "param"),
    [
        (lambda members: members.create(user="", role="viewer"), "user"),
        (lambda members: members.create(user="carol", role="owner"), "role"),
        (lambda members: members.update(id="u1", role=None), "role"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(
    server: Server, client: Ductape, call: Callable[[Any], object], param: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        call(client.members)
    assert refused.value.param == param
    assert server.received == []


def test_twice_is_a_conflict(server: Server, client: Ductape) -> None:
    server.on("POST", MEMBERS, error(409, "already_exists"))
    with pytest.raises(ConflictError):
        client.members.create(user="carol", role="viewer")
