"""Replacing a key is told step by step, whoever takes the step."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from django.core.management import call_command

from control_plane.catalog.models import ProviderKey
from control_plane.catalog.rotation import accept_key, begin_rotation, reject_key, revoke_key
from control_plane.products.models import Product
from ductape.types.keys import KeyRotate
from tests.control_plane.audit.conftest import Entries


def begin(product: Product, seal: Any, overlap: str = "24h") -> ProviderKey:
    sealed = seal("next-key-0123456789-nnnn")["sealed_api_key"]
    wanted = KeyRotate(sealed_api_key=str(sealed), overlap=overlap)
    return begin_rotation(product=product, tag="gpt", slug="dev", wanted=wanted)


def told(entries: Entries, after: int) -> list[tuple[str, int]]:
    return [(entry.action, json.loads(entry.details)["version"]) for entry in entries()[after:]]


def test_each_step_of_a_rotation_is_an_entry(gpt: Any, shop: Product, seal: Any, entries: Entries) -> None:
    before = len(entries())
    accept_key(key=begin(shop, seal))
    revoke_key(product=shop, tag="gpt", slug="dev", version=1)
    reject_key(key=begin(shop, seal), refusal="authentication_failed")

    assert told(entries, before) == [
        ("key.set", 2),
        ("key.activated", 2),
        ("key.revoked", 1),
        ("key.set", 3),
        ("key.rejected", 3),
    ]
    assert json.loads(entries("key.activated")[-1].details)["after"] == {"state": "active"}


def test_what_purge_destroys_is_the_operators_doing(gpt: Any, shop: Product, seal: Any, entries: Entries) -> None:
    accept_key(key=begin(shop, seal, "0s"))
    call_command("purge", stdout=StringIO())

    (expired,) = entries("key.expired")
    assert (expired.actor_kind, expired.actor_name) == ("operator", "purge")
    assert (expired.tag, expired.env, json.loads(expired.details)["version"]) == ("gpt", "dev", 1)
