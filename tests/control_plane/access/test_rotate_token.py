from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.products.models import Product
from control_plane.workspaces.models import AccessToken, Role
from tests.control_plane.access.conftest import Clock
from tests.control_plane.conftest import Caller


@pytest.fixture
def old(shop: Product, alice: Caller) -> dict[str, Any]:
    body = {"name": "ci", "scopes": ["read"], "products": ["shop"], "envs": ["dev"], "expires_in_days": 30}
    return dict(alice.post("tokens", body).json())


def rotated(alice: Caller, token: dict[str, Any], **body: int) -> dict[str, Any]:
    answer = alice.post(f"tokens/{token['id']}/rotate", body)
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())


def works(token: dict[str, Any], alice: Caller) -> bool:
    return bool(Caller(token["token"], alice.workspace).get("products/shop").status_code == 200)


@pytest.mark.parametrize(("body", "hours"), [({}, 24), ({"grace_hours": 1}, 1), ({"graceHours": 168}, 168)], ids=str)
def test_both_work_until_the_grace_period_ends(
    clock: Clock, old: dict[str, Any], alice: Caller, body: dict[str, int], hours: int
) -> None:
    new = rotated(alice, old, **body)

    clock.move(hours=hours, seconds=-1)
    assert (works(old, alice), works(new, alice)) == (True, True)
    clock.move(seconds=2)
    assert (works(old, alice), works(new, alice)) == (False, True)


def test_without_grace_the_old_one_ends_at_once(clock: Clock, old: dict[str, Any], alice: Caller) -> None:
    new = rotated(alice, old, grace_hours=0)
    assert (works(old, alice), works(new, alice)) == (False, True)


def test_the_new_one_is_like_the_old_one_and_lasts_as_long(clock: Clock, old: dict[str, Any], alice: Caller) -> None:
    clock.move(days=20)
    new = rotated(alice, old)

    for same in ("name", "scopes", "products", "envs", "member"):
        assert new[same] == old[same]
    assert new["replaces"] == old["id"]
    assert new["token"] != old["token"]
    clock.move(days=30, seconds=-1)
    assert works(new, alice)
    clock.move(seconds=1)
    assert not works(new, alice)


def test_grace_never_makes_a_token_last_longer(clock: Clock, old: dict[str, Any], alice: Caller) -> None:
    clock.move(days=29, hours=23)
    rotated(alice, old, grace_hours=168)
    clock.move(hours=1)
    assert not works(old, alice)


def test_a_token_is_rotated_once_and_then_its_successor(
    old: dict[str, Any], alice: Caller, refused: Any, clock: Clock
) -> None:
    new = rotated(alice, old)

    assert refused(alice.post(f"tokens/{old['id']}/rotate", {})) == (409, "already_rotated")
    newest = rotated(alice, new)
    assert [works(token, alice) for token in (old, new, newest)] == [True, True, True]


def test_what_has_ended_stays_ended(clock: Clock, old: dict[str, Any], alice: Caller, refused: Any) -> None:
    other = alice.post("tokens", {"name": "other", "scopes": ["read"], "expires_in_days": 1}).json()
    alice.delete(f"tokens/{old['id']}")
    clock.move(days=2)

    for token in (old, other):
        assert refused(alice.post(f"tokens/{token['id']}/rotate", {})) == (409, "token_ended")
    assert AccessToken.objects.count() == 3


def test_a_members_token_stays_the_members(alice: Caller, member_with: Callable[..., Any]) -> None:
    member_with(Role.VIEWER)
    old = alice.post("tokens", {"name": "laptop", "scopes": ["read"], "member": "viewer"}).json()
    assert rotated(alice, old)["member"] == "viewer"


@pytest.mark.parametrize("hours", [-1, 169, None, "24"])
def test_a_wrong_grace_is_named(old: dict[str, Any], alice: Caller, refused: Any, hours: Any) -> None:
    answer = alice.post(f"tokens/{old['id']}/rotate", {"grace_hours": hours})
    assert refused(answer) == (422, "invalid_argument")
    assert answer.json()["error"]["param"] == "grace_hours"
