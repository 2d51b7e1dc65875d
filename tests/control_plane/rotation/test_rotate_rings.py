"""The at-rest ring and the root key, from staged to destroyed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from control_plane.catalog.models import ProviderKey
from control_plane.products.models import Product, ProductKey
from control_plane.vault.holders import say
from control_plane.vault.keyring import Keyring, load_keyring
from control_plane.vault.models import KeyHolder
from tests.control_plane.rotation.conftest import SECRET, Keys, add_model
from tests.control_plane.rotation.opened import opened


def all_open(ring: Keyring) -> bool:
    return {opened(ring, key) for key in ProviderKey.objects.all()} == {f"dev-{SECRET}", f"prd-{SECRET}"}


def test_a_whole_rotation_of_the_at_rest_ring(
    keyed: Product, keys: Keys, ring: Callable[[], Keyring], alice: Any, settings: Any, key_dir: Path
) -> None:
    settings.KEYS_DIR = key_dir / "control"
    assert "staged at-rest a2" in keys("stage", "at-rest")
    assert "at-rest a2 is now active" in keys("promote", "at-rest", "a2")
    assert add_model(alice, "new").status_code == 201
    assert "2 rows of catalog_providerkey to be written anew" in keys("rotate", "at-rest", "--plan")
    with pytest.raises(CommandError, match="3 rows still need an older key"):
        keys("rotate", "at-rest", "--verify")
    with pytest.raises(CommandError, match=r"3 rows need at-rest a1; run `manage"):
        keys("retire", "at-rest", "a1")

    done = keys("rotate", "at-rest")

    assert "2 rows of catalog_providerkey written anew" in done
    assert "1 rows of products_productkey written anew" in done
    assert "outer layers only" in keys("rotate", "at-rest", "--verify")
    assert "at-rest a1 is now retired" in keys("retire", "at-rest", "a1")
    assert "at-rest a1 is now destroyed" in keys("destroy", "at-rest", "a1")
    assert set(ring().at_rest) == {"a2"}
    assert {key.sealed.split(".")[1] for key in ProviderKey.objects.all()} == {"a2"}
    assert all_open(ring())
    assert SECRET not in done


def test_a_whole_rotation_of_the_root_key(keyed: Product, keys: Keys, ring: Callable[[], Keyring]) -> None:
    keys("stage", "root")
    keys("promote", "root", "r2")
    status = keys("rotate", "root", "--status")
    assert "root r1 is retiring" in status
    assert "1 rows need root r1" in status
    assert "1 rows of products_productkey to be written anew" in status
    with pytest.raises(CommandError, match="1 rows need root r1"):
        keys("retire", "root", "r1")

    assert "1 rows of products_productkey written anew" in keys("rotate", "root")

    keys("retire", "root", "r1")
    keys("destroy", "root", "r1")
    assert [key.root_kid for key in ProductKey.objects.all()] == ["r2"]
    assert all_open(ring())
    assert "every layer was opened" in keys("check")


def test_control_cannot_rotate_what_needs_the_root_private_key(
    keyed: Product, keys: Keys, settings: Any, key_dir: Path
) -> None:
    settings.KEYS_DIR = key_dir / "control"
    for level in ("root", "product"):
        with pytest.raises(CommandError, match="needs the root private key: set DUCTAPE_KEYS_DIR"):
            keys("rotate", level)


def test_a_second_rotation_has_nothing_to_do(keyed: Product, keys: Keys) -> None:
    assert "0 rows of catalog_providerkey written anew" in keys("rotate", "at-rest")


def test_a_row_that_does_not_open_is_named_and_stops_nothing(
    keyed: Product, keys: Keys, ring: Callable[[], Keyring]
) -> None:
    one, other = ProviderKey.objects.order_by("id")
    ProviderKey.objects.filter(id=one.id).update(sealed=other.sealed)
    keys("stage", "at-rest")
    keys("promote", "at-rest", "a2")

    with pytest.raises(CommandError, match="0 rows left, 1 do not open"):
        keys("rotate", "at-rest")

    assert dict(ProviderKey.objects.values_list("id", "at_rest_kid")) == {one.id: "a1", other.id: "a2"}


def test_promotion_waits_for_every_live_process_and_names_it(
    keyed: Product, keys: Keys, key_dir: Path, key_files: Path
) -> None:
    say(load_keyring(key_files / "control"))
    keys("stage", "at-rest")
    with pytest.raises(CommandError, match=r"at-rest a2 is not known to control \S+ \d+; bring the key files there"):
        keys("promote", "at-rest", "a2")

    say(load_keyring(key_dir / "control"))
    assert "a2 is now active" in keys("promote", "at-rest", "a2")


def test_a_process_that_fell_silent_holds_nothing_up(keyed: Product, keys: Keys, key_files: Path) -> None:
    say(load_keyring(key_files / "control"))
    KeyHolder.objects.update(seen_at=timezone.now() - timedelta(seconds=36))
    keys("stage", "root")
    assert "r2 is now active" in keys("promote", "root", "r2")


def test_a_key_that_a_live_process_seals_with_is_not_retired(keyed: Product, keys: Keys, key_files: Path) -> None:
    keys("stage", "at-rest")
    keys("promote", "at-rest", "a2")
    keys("rotate", "at-rest")
    say(load_keyring(key_files / "control"))
    with pytest.raises(CommandError, match="still seals with at-rest a1; bring the key files there first"):
        keys("retire", "at-rest", "a1")


def test_a_retired_key_comes_back(keyed: Product, keys: Keys, ring: Callable[[], Keyring]) -> None:
    keys("stage", "at-rest")
    keys("promote", "at-rest", "a2")
    before = dict(ProviderKey.objects.values_list("id", "sealed"))
    keys("rotate", "at-rest")
    keys("retire", "at-rest", "a1")
    for id_, sealed in before.items():
        ProviderKey.objects.filter(id=id_).update(sealed=sealed)
    with pytest.raises(CommandError, match="do not open"):
        keys("check")

    keys("restore", "at-rest", "a1")
    assert all_open(ring())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("destroy", "root", "r1"), "1 rows need root r1"),
        (("promote", "root", "r9"), "no key 'r9'; there are: r1"),
        (("restore", "at-rest", "a1"), "is active; only a retired key can become retiring"),
        (("init", "--escrow", "one"), "give --escrow twice"),
        (("rotate", "root", "acme/shop"), "a name goes with `product`"),
        (("rotate", "product", "acme"), "a name goes with `product`, as workspace/product"),
        (("rotate", "product", "evil/shop"), "no product 'evil/shop'"),
        (("stage", "root", "--dir", "/nowhere"), "no root.private.json below /nowhere|no root.public.json"),
    ],
)
def test_what_cannot_be_is_one_sentence(keyed: Product, keys: Keys, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        keys(*arguments)
