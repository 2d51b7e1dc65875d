"""What runners do with keys, and time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control_plane.api.errors import ApiError
from control_plane.catalog.key_states import KEPT, KeyState
from control_plane.catalog.keys import parse_sealed, replace_key
from control_plane.catalog.models import ProviderKey
from control_plane.catalog.rotation import (
    LONGEST_CALL,
    accept_key,
    begin_rotation,
    destroy_spent,
    reject_key,
    revoke_key,
)
from control_plane.products.models import Product
from ductape.types.keys import KeyRotate

LATER = LONGEST_CALL + timedelta(minutes=2)


@pytest.fixture
def sealed(gpt: dict[str, Any], seal: Any) -> str:
    return str(seal("next-key-0123456789-nnnn")["sealed_api_key"])


def begin(product: Product, sealed: str, overlap: str = "24h") -> ProviderKey:
    wanted = KeyRotate(sealed_api_key=sealed, overlap=overlap)
    return begin_rotation(product=product, tag="gpt", slug="dev", wanted=wanted)


def keys() -> dict[int, ProviderKey]:
    return {key.version: key for key in ProviderKey.objects.filter(model_env__environment__slug="dev")}


def states() -> dict[int, str]:
    return {version: key.state for version, key in keys().items()}


def spent() -> int:
    return destroy_spent(ProviderKey.objects.all())


def test_an_accepted_key_takes_over_once(shop: Product, sealed: str) -> None:
    pending = begin(shop, sealed, "2h")
    before = timezone.now()
    for _ in range(2):
        assert accept_key(key=pending).state == "active"

    assert states() == {1: "retiring", 2: "active"}
    until = keys()[1].overlap_until
    assert until is not None
    assert before + timedelta(hours=2) <= until <= timezone.now() + timedelta(hours=2)


def test_a_refused_key_is_forgotten_and_the_reason_kept(shop: Product, sealed: str) -> None:
    pending = begin(shop, sealed)
    for _ in range(2):
        reject_key(key=pending, refusal="authentication_failed")

    rejected = keys()[2]
    assert (rejected.state, rejected.sealed, rejected.refusal) == ("rejected", None, "authentication_failed")
    assert keys()[1].state == "active"


def test_what_was_taken_back_while_the_provider_was_asked_stays_so(shop: Product, sealed: str) -> None:
    pending = begin(shop, sealed)
    revoke_key(product=shop, tag="gpt", slug="dev", version=2)

    with pytest.raises(ApiError, match="destroyed"):
        accept_key(key=pending)
    with pytest.raises(ApiError, match="destroyed"):
        reject_key(key=pending, refusal="authentication_failed")
    assert states() == {1: "active", 2: "destroyed"}


def test_an_environment_removed_while_the_provider_was_asked_is_not_found(
    shop: Product, sealed: str, alice: Any
) -> None:
    pending = begin(shop, sealed)
    alice.patch("products/shop/models/gpt", {"envs": [{"slug": "dev", "remove": True}]})
    with pytest.raises(ApiError, match="not configured"):
        accept_key(key=pending)


def test_a_retiring_key_is_destroyed_when_its_overlap_and_its_last_call_are_over(shop: Product, sealed: str) -> None:
    accept_key(key=begin(shop, sealed, "1h"))
    old = ProviderKey.objects.filter(version=1, state=KeyState.RETIRING)
    assert spent() == 0

    old.update(overlap_until=timezone.now() - timedelta(seconds=1), last_used_at=timezone.now())
    assert spent() == 0

    old.update(last_used_at=timezone.now() - LATER)
    assert spent() == 1
    gone = keys()[1]
    assert (gone.state, gone.sealed, gone.hint) == ("destroyed", None, "aaaa")
    assert gone.last_used_at is not None


def test_the_next_rotation_clears_what_the_last_one_left(shop: Product, sealed: str) -> None:
    accept_key(key=begin(shop, sealed, "0s"))
    assert accept_key(key=begin(shop, sealed)).version == 3
    assert states() == {1: "destroyed", 2: "retiring", 3: "active"}


def test_a_key_that_waited_for_a_day_makes_room(shop: Product, sealed: str) -> None:
    begin(shop, sealed)
    ProviderKey.objects.filter(state=KeyState.PENDING).update(created_at=timezone.now() - timedelta(hours=25))

    assert begin(shop, sealed).version == 3
    assert states() == {1: "active", 2: "destroyed", 3: "pending"}


STEPS: dict[str, Callable[[Product, ProviderKey, str], object]] = {
    "begin": lambda shop, key, sealed: begin(shop, sealed, "0s"),
    "accept": lambda shop, key, sealed: accept_key(key=key),
    "reject": lambda shop, key, sealed: reject_key(key=key, refusal="authentication_failed"),
    "revoke": lambda shop, key, sealed: revoke_key(product=shop, tag="gpt", slug="dev", version=key.version),
    "update": lambda shop, key, sealed: replace_key(key.model_env, parse_sealed(shop, sealed), ""),
    "end": lambda shop, key, sealed: spent(),
}


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(1, 5)), max_size=10))
def test_whatever_happens_in_whatever_order_one_key_is_active(
    shop: Product, sealed: str, steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        for step, version in steps:
            try:
                STEPS[step](shop, keys().get(version, keys()[1]), sealed)
            except ApiError as refused:
                assert refused.status == 409  # noqa: PT017  # a refusal is one of the outcomes
            there = keys().values()
            assert [each.state for each in there].count("active") == 1
            assert [each.state for each in there].count("pending") <= 1
            assert all((each.sealed is not None) == (each.state in KEPT) for each in there)
        transaction.set_rollback(True)
