from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from control_plane.workspaces.models import AccessToken, Member, Role, Scope
from tests.control_plane.conftest import Caller

NOBODY = "00000000-0000-7000-8000-000000000000"


def test_a_member_is_made_changed_listed_and_deleted(alice: Caller) -> None:
    made = alice.post("members", {"user": "carol@example.com", "role": "viewer"})
    assert (made.status_code, made.json()["role"]) == (201, "viewer")
    url = f"members/{made.json()['id']}"

    assert alice.patch(url, {"role": "developer"}).json()["role"] == "developer"
    assert [(row["user"], row["role"]) for row in alice.get("members").json()["data"]] == [
        ("carol@example.com", "developer")
    ]
    assert alice.delete(url).json() == {"deleted": True, "tag": "carol@example.com"}
    assert alice.get(url).status_code == 404


def test_a_new_user_cannot_log_in_and_a_known_one_is_left_alone(alice: Caller) -> None:
    operator = User.objects.create_superuser("operator", password="a long enough password")
    alice.post("members", {"user": "operator", "role": "viewer"})
    alice.post("members", {"user": "carol", "role": "admin"})

    carol = User.objects.get(username="carol")
    assert (carol.has_usable_password(), carol.is_staff, carol.is_superuser) == (False, False, False)
    assert User.objects.get(username="operator").password == operator.password


def test_twice_is_a_conflict_in_one_workspace_only(alice: Caller, mallory: Caller, refused: Any) -> None:
    body = {"user": "carol", "role": "viewer"}

    assert alice.post("members", body).status_code == 201
    assert refused(alice.post("members", {**body, "role": "admin"})) == (409, "already_exists")
    assert mallory.post("members", body).status_code == 201
    assert alice.get("members").json()["data"][0]["role"] == "viewer"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_another_workspaces_member_is_one_that_does_not_exist(
    alice: Caller, mallory: Caller, refused: Any, method: str
) -> None:
    member = alice.post("members", {"user": "carol", "role": "viewer"}).json()
    body = {"role": "admin"} if method == "PATCH" else None

    for each in (member["id"], NOBODY):
        assert refused(mallory._send(method, f"members/{each}", body)) == (404, "member_not_found")
    assert alice.get(f"members/{member['id']}").json() == member
    assert mallory.get("members").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"user": "carol"}, "role"),
        ({"user": "carol", "role": "owner"}, "role"),
        ({"user": "", "role": "viewer"}, "user"),
        ({"user": "nul \x00", "role": "viewer"}, "user"),
        ({"user": "x" * 151, "role": "viewer"}, "user"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_argument_is_named(alice: Caller, refused: Any, body: dict[str, str], param: str) -> None:
    answer = alice.post("members", body)

    assert refused(answer) == (422, "invalid_argument")
    assert answer.json()["error"]["param"] == param
    assert User.objects.count() == 0


def test_a_changed_role_changes_the_members_tokens_at_once(
    alice: Caller, bound: Callable[..., Caller], member_with: Callable[..., Member], refused: Any
) -> None:
    member = member_with(Role.DEVELOPER)
    caller = bound(Scope.ADMIN, member=member)
    assert caller.post("products", {"name": "Mine"}).status_code == 201

    alice.patch(f"members/{member.id}", {"role": "viewer"})
    assert refused(caller.post("products", {"name": "More"})) == (403, "missing_scope")
    alice.patch(f"members/{member.id}", {"role": "admin"})
    assert caller.get("members").status_code == 200


def test_a_former_members_tokens_are_nobody(
    alice: Caller, bound: Callable[..., Caller], member_with: Callable[..., Member], refused: Any
) -> None:
    member = member_with(Role.ADMIN)
    caller = bound(Scope.ADMIN, member=member)
    alice.delete(f"members/{member.id}")

    assert refused(caller.get("products")) == (401, "invalid_token")
    assert AccessToken.objects.count() == 1


def test_a_user_whom_an_operator_deactivates_may_nothing(
    bound: Callable[..., Caller], member_with: Callable[..., Member], refused: Any
) -> None:
    caller = bound(Scope.ADMIN, member=member_with(Role.ADMIN))
    User.objects.filter(username="admin").update(is_active=False)

    assert refused(caller.get("products")) == (403, "missing_scope")
    assert caller.get("token").json()["scopes"] == []
