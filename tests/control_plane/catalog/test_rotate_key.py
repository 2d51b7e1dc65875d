from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.workspaces.models import Scope

MODEL = "products/shop/models/gpt"
KEYS = f"{MODEL}/envs/dev/keys"
SECRET = "next-key-0123456789-nnnn"


@pytest.fixture
def next_key(gpt: dict[str, Any], seal: Any) -> Callable[..., dict[str, str]]:
    """What the SDK sends for the next key of dev."""

    def body(**more: str) -> dict[str, str]:
        entry = seal(SECRET)
        return {"sealed_api_key": entry["sealed_api_key"], "key_hint": entry["key_hint"], **more}

    return body


def listed(caller: Any, path: str = KEYS) -> list[tuple[int, str, str]]:
    return [(key["version"], key["state"], key["hint"]) for key in caller.get(path).json()["data"]]


def test_the_next_key_waits_and_the_present_one_stays(next_key: Any, alice: Any) -> None:
    given = alice.post(KEYS, next_key())

    assert (given.status_code, given.json()["state"], given.json()["version"]) == (201, "pending", 2)
    assert listed(alice) == [(1, "active", "aaaa"), (2, "pending", "nnnn")]
    assert listed(alice, f"{MODEL}/envs/prd/keys") == [(1, "active", "bbbb")]
    shown = alice.get(MODEL).json()["envs"][0]["api_key"]
    assert (shown["version"], shown["hint"]) == (1, "aaaa")


def test_a_list_shows_nothing_to_open(next_key: Any, alice: Any) -> None:
    alice.post(KEYS, next_key())
    said = alice.get(KEYS).content.decode()

    assert "dseal1" not in said
    assert "drest1" not in said
    assert [len(alice.get(f"{KEYS}?limit=1").json()["data"]), len(listed(alice))] == [1, 2]


def test_one_rotation_at_a_time(next_key: Any, alice: Any, refused: Any) -> None:
    alice.post(KEYS, next_key())
    assert refused(alice.post(KEYS, next_key())) == (409, "rotation_in_progress")


def test_the_same_request_is_one_rotation(next_key: Any, alice: Any) -> None:
    body = next_key()
    answers = [alice.post(KEYS, body, **{"Idempotency-Key": "r"}).json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(listed(alice)) == 2


def test_a_pending_key_is_taken_back_and_that_stays_so(next_key: Any, alice: Any) -> None:
    alice.post(KEYS, next_key())
    for _ in range(2):
        assert alice.delete(f"{KEYS}/2").json()["state"] == "destroyed"

    gone = ProviderKey.objects.get(version=2)
    assert (gone.sealed, gone.hint) == (None, "nnnn")
    assert alice.post(KEYS, next_key()).json()["version"] == 3


def test_the_active_key_is_replaced_and_not_revoked(next_key: Any, alice: Any, refused: Any) -> None:
    assert refused(alice.delete(f"{KEYS}/1")) == (409, "key_active")
    assert refused(alice.delete(f"{KEYS}/7")) == (404, "key_not_found")


def test_an_update_replaces_at_once_whatever_there_is(next_key: Any, seal: Any, alice: Any) -> None:
    alice.post(KEYS, next_key())
    alice.patch(MODEL, {"envs": [seal("now-key-0123456789-now1")]})

    assert listed(alice) == [(1, "destroyed", "aaaa"), (2, "destroyed", "nnnn"), (3, "active", "now1")]
    kept = ProviderKey.objects.filter(model_env__environment__slug="dev").exclude(sealed=None)
    assert [key.version for key in kept] == [3]


def test_while_a_key_waits_its_destination_stays(next_key: Any, alice: Any, refused: Any) -> None:
    alice.patch(MODEL, {"envs": [{"slug": "dev", "remove": True}, {"slug": "prd", "remove": True}]})
    alice.patch(MODEL, {"envs": [{"slug": "dev"}]})
    alice.post(KEYS, next_key())

    elsewhere = {"envs": [{"slug": "dev", "base_url": "https://attacker.example"}]}
    assert refused(alice.patch(MODEL, elsewhere)) == (422, "key_must_be_resealed")
    assert refused(alice.patch(MODEL, {"provider": "xai"})) == (422, "key_must_be_resealed")


@pytest.mark.parametrize("overlap", ["", "24", "-1h", "1w", "8d", "169h", "h", "\u0661h", "1 h"])
def test_an_overlap_is_seven_days_at_most(next_key: Any, alice: Any, refused: Any, overlap: str) -> None:
    assert refused(alice.post(KEYS, next_key(overlap=overlap))) == (422, "invalid_argument")


def test_a_key_in_clear_is_refused(next_key: Any, alice: Any, refused: Any) -> None:
    for body in ({"api_key": SECRET}, {**next_key(), "apiKey": SECRET}, {"sealed_api_key": SECRET}):
        assert refused(alice.post(KEYS, body)) == (422, "plaintext_secret_refused")
    assert len(listed(alice)) == 1


def test_a_local_model_has_no_key(next_key: Any, alice: Any, refused: Any) -> None:
    local = {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "envs": [{"slug": "dev"}]}
    alice.post("products/shop/models", local)
    assert refused(alice.post("products/shop/models/smol/envs/dev/keys", next_key())) == (422, "invalid_argument")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{MODEL}/envs/qa/keys", "env_not_found"),
        ("products/shop/models/nope/envs/dev/keys", "model_not_found"),
        ("products/nope/models/gpt/envs/dev/keys", "product_not_found"),
    ],
)
def test_what_is_not_there_is_not_found(next_key: Any, alice: Any, refused: Any, path: str, code: str) -> None:
    assert refused(alice.get(path)) == (404, code)
    assert refused(alice.post(path, next_key())) == (404, code)


def test_an_environment_without_the_model_has_no_keys(next_key: Any, alice: Any, refused: Any) -> None:
    alice.patch(MODEL, {"envs": [{"slug": "dev", "remove": True}]})
    assert refused(alice.get(KEYS)) == (404, "env_not_configured")


def test_mallory_finds_nothing(next_key: Any, mallory: Any, refused: Any) -> None:
    assert refused(mallory.get(KEYS)) == (404, "product_not_found")
    assert refused(mallory.post(KEYS, next_key())) == (404, "product_not_found")
    assert refused(mallory.delete(f"{KEYS}/1")) == (404, "product_not_found")


def test_a_token_bound_to_environments_looks_where_it_is_bound_and_rotates_nowhere(
    next_key: Any, bound: Any, refused: Any
) -> None:
    somebody = bound(Scope.ADMIN, envs=["dev"])

    assert somebody.get(KEYS).status_code == 200
    assert refused(somebody.get(f"{MODEL}/envs/prd/keys")) == (404, "env_not_found")
    assert refused(somebody.post(KEYS, next_key())) == (403, "beyond_binding")
    assert refused(somebody.delete(f"{KEYS}/1")) == (403, "beyond_binding")


@pytest.mark.parametrize(
    ("state", "sealed"), [("active", True), ("pending", True), ("destroyed", True), ("retiring", False)]
)
def test_the_database_itself_keeps_the_states_apart(next_key: Any, alice: Any, state: str, sealed: bool) -> None:
    alice.post(KEYS, next_key())
    env = ModelEnv.objects.get(environment__slug="dev")
    text = ProviderKey.objects.filter(model_env=env, version=1).get().sealed if sealed else None
    with pytest.raises(IntegrityError), transaction.atomic():
        env.keys.create(workspace_id=env.workspace_id, version=9, state=state, sealed=text)
