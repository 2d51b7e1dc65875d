from __future__ import annotations

from control_plane.workspaces.models import AccessToken
from tests.control_plane.access.conftest import Clock
from tests.control_plane.conftest import Caller


def test_a_revoked_token_is_refused_at_once_and_stays_listed(alice: Caller) -> None:
    made = alice.post("tokens", {"name": "leaked", "scopes": ["admin"]}).json()
    leaked = Caller(made["token"], alice.workspace)
    assert leaked.get("products").status_code == 200

    revoked = alice.delete(f"tokens/{made['id']}").json()

    assert revoked["revoked_at"] is not None
    assert leaked.get("products").status_code == 401
    assert alice.get(f"tokens/{made['id']}").json() == revoked


def test_revoking_again_keeps_the_first_time(alice: Caller, clock: Clock) -> None:
    made = alice.post("tokens", {"name": "leaked", "scopes": ["read"]}).json()
    first = alice.delete(f"tokens/{made['id']}").json()
    clock.move(hours=1)

    assert alice.delete(f"tokens/{made['id']}").json() == first


def test_a_successor_outlives_the_one_that_it_replaced(alice: Caller) -> None:
    old = alice.post("tokens", {"name": "ci", "scopes": ["read"]}).json()
    new = alice.post(f"tokens/{old['id']}/rotate", {}).json()
    alice.delete(f"tokens/{old['id']}")

    assert Caller(new["token"], alice.workspace).get("products").status_code == 200


def test_a_token_may_revoke_itself(alice: Caller) -> None:
    own = AccessToken.objects.get(name="alice")
    assert alice.delete(f"tokens/{own.id}").status_code == 200
    assert alice.get("token").status_code == 401
