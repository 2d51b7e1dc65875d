from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from control_plane.catalog.models import ProviderKey
from control_plane.products.models import Product, ProductKey
from control_plane.rotation.checking import check
from control_plane.vault.canaries import check_canaries
from control_plane.vault.key_states import KeyState
from control_plane.vault.keyring import Keyring
from control_plane.vault.models import KeyCanary
from control_plane.vault.rings import Ring
from tests.control_plane.rotation.conftest import SECRET, Keys


def report(keys: Keys) -> dict[str, Any]:
    return dict(json.loads(keys("check", "--json")))


def test_all_is_well(keyed: Product, keys: Keys) -> None:
    assert report(keys) == {
        "sound": True,
        "opened": True,
        "rows": {"at-rest a1": 3, "root r1": 1},
        "canaries": {"at-rest a1": "opens", "root r1": "opens"},
        "unreadable": [],
        "other_key": [],
    }
    assert "3 rows need at-rest a1" in keys("check")
    assert "the canary of root r1: opens" in keys("check")


def test_control_looks_at_the_outer_layers(keyed: Product, keys: Keys, settings: Any, key_dir: Path) -> None:
    settings.KEYS_DIR = key_dir / "control"
    found = report(keys)
    assert (found["opened"], found["canaries"]["root r1"]) == (False, "not here")


def test_a_row_that_does_not_open_is_a_failure(keyed: Product, keys: Keys) -> None:
    one, other = ProviderKey.objects.order_by("id")
    ProviderKey.objects.filter(id=one.id).update(sealed=other.sealed)

    with pytest.raises(CommandError, match="1 rows or a canary do not open"):
        keys("check")


def test_it_says_which_rows_and_not_what_is_in_them(keyed: Product, key_dir: Path, ring: Callable[[], Keyring]) -> None:
    one, other = ProviderKey.objects.order_by("id")
    ProviderKey.objects.filter(id=one.id).update(sealed=other.sealed)
    found = check(ring())

    assert found.unreadable == [f"catalog_providerkey {one.id}"]
    assert not found.sound
    said = "\n".join(found.lines()) + json.dumps(found.as_json())
    assert f"does not open: catalog_providerkey {one.id}" in said
    assert SECRET not in said
    assert "drest1" not in said


def test_a_key_id_that_is_not_the_rows_is_found(keyed: Product, ring: Callable[[], Keyring]) -> None:
    pair = ProductKey.objects.get()
    ProductKey.objects.update(root_kid="r7")
    assert check(ring()).other_key == [f"products_productkey {pair.id}"]


def test_another_key_under_the_same_id_is_found(key_dir: Path, ring: Callable[[], Keyring], db: None) -> None:
    assert check_canaries(ring()) == {"at-rest a1": "opens", "root r1": "opens"}
    assert check_canaries(ring()) == {"at-rest a1": "opens", "root r1": "opens"}
    KeyCanary.objects.filter(key="at-rest a1").update(text=KeyCanary.objects.get(key="root r1").text)
    KeyCanary.objects.filter(key="root r1").update(text="dseal1.r1." + "A" * 80)
    assert check_canaries(ring()) == {"at-rest a1": "does not open", "root r1": "does not open"}


def test_a_canary_of_a_retired_key_is_not_here(keyed: Product, keys: Keys, key_dir: Path) -> None:
    Ring(key_dir, "at-rest").stage()
    keys("check")
    Ring(key_dir, "at-rest").move("a2", KeyState.DESTROYED)
    assert report(keys)["canaries"]["at-rest a2"] == "not here"
