from __future__ import annotations

from dataclasses import replace

import pytest

from control_plane.vault import product_keys, provider_keys
from control_plane.vault.at_rest import wrap
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.keyring import Keyring
from control_plane.vault.product_keys import ProductRow
from control_plane.vault.provider_keys import ProviderKeyRow
from ductape import sealing

SECRET = "canary-provider-key-0123456789"
PRODUCT = ProductRow("w1", "p1", "pk_1")
ROW = ProviderKeyRow("w1", "p1", "m1", "gpt", "dev", 1, "custom", "https://models.example")


@pytest.fixture
def record(control_ring: Keyring) -> str:
    return product_keys.create_record(control_ring, PRODUCT)


@pytest.fixture
def stored(control_ring: Keyring, record: str) -> str:
    key = product_keys.sealing_key(control_ring, record, PRODUCT)
    sealed = sealing.seal(key, SECRET, tag="gpt", env="dev", provider="custom", base_url="https://models.example")
    return provider_keys.store(control_ring, sealing.parse(sealed), ROW)


def test_a_runner_opens_what_a_client_sealed_and_control_stored(runner_ring: Keyring, record: str, stored: str) -> None:
    private = product_keys.open_private(runner_ring, record, PRODUCT)

    opened = provider_keys.open_provider_key(runner_ring, stored, ROW, private)

    assert opened.get_secret_value() == SECRET
    assert SECRET not in repr(opened) + str(opened)


def test_control_has_no_key_to_open_with(control_ring: Keyring, record: str) -> None:
    assert not control_ring.can_open
    with pytest.raises(SecretUnreadable):
        product_keys.open_private(control_ring, record, PRODUCT)


@pytest.mark.parametrize(
    "moved",
    [
        {"workspace_id": "w2"},
        {"product_id": "p2"},
        {"model_id": "m2"},
        {"model_tag": "other"},
        {"env": "prd"},
        {"version": 2},
        {"provider": "openai"},
        {"base_url": "https://attacker.example"},
        {"base_url": None},
    ],
    ids=lambda moved: next(iter(moved)),
)
def test_a_key_opens_for_no_other_row_and_no_other_destination(
    runner_ring: Keyring, record: str, stored: str, moved: dict[str, object]
) -> None:
    private = product_keys.open_private(runner_ring, record, PRODUCT)

    with pytest.raises(SecretUnreadable):
        provider_keys.open_provider_key(runner_ring, stored, replace(ROW, **moved), private)  # type: ignore[arg-type]


def test_a_key_planted_without_the_outer_layer_is_refused(runner_ring: Keyring, record: str) -> None:
    key = product_keys.sealing_key(runner_ring, record, PRODUCT)
    planted = sealing.seal(key, "theirs", tag="gpt", env="dev", provider="custom", base_url="https://models.example")
    private = product_keys.open_private(runner_ring, record, PRODUCT)

    with pytest.raises(SecretUnreadable):
        provider_keys.open_provider_key(runner_ring, planted, ROW, private)


def test_a_swapped_public_key_is_not_served(control_ring: Keyring, record: str) -> None:
    other = product_keys.create_record(control_ring, replace(PRODUCT, product_id="p2"))
    with pytest.raises(SecretUnreadable):
        product_keys.sealing_key(control_ring, other, PRODUCT)


def test_wrapped_bytes_that_are_no_seal_are_unreadable(runner_ring: Keyring, record: str) -> None:
    private = product_keys.open_private(runner_ring, record, PRODUCT)
    for payload in (b"", b"sk-plaintext", b"\xff\xfe"):
        with pytest.raises(SecretUnreadable):
            provider_keys.open_provider_key(runner_ring, wrap(runner_ring, payload, ROW.parts()), ROW, private)
