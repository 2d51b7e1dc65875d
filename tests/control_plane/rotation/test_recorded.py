"""What an operator does with keys is written down, and needs no workspace to be in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError

from control_plane.audit.models import NO_WORKSPACE, Entry
from control_plane.tenancy.entering import in_workspace
from tests.control_plane.rotation.conftest import Keys


def told() -> list[tuple[str, str, Any]]:
    with in_workspace(NO_WORKSPACE):
        return [(entry.action, entry.tag, json.loads(entry.details)) for entry in Entry.objects.order_by("seq")]


def test_steps_and_rewriting_are_the_operators_doing(alice: Any, keys: Keys) -> None:
    alice.post("products", {"name": "Shop"})
    keys("stage", "at-rest")
    keys("promote", "at-rest", "a2")
    keys("rotate", "at-rest")
    keys("retire", "at-rest", "a1")

    assert told() == [
        ("keyring.changed", "a2", {"step": "promote"}),
        ("secrets.rewritten", "products_productkey", {"rows": 1}),
        ("keyring.changed", "a1", {"step": "retire"}),
    ]
    with in_workspace(NO_WORKSPACE):
        assert {entry.actor_kind for entry in Entry.objects.all()} == {"operator"}


def test_a_step_that_is_refused_leaves_no_entry(alice: Any, keys: Keys) -> None:
    alice.post("products", {"name": "Shop"})
    with pytest.raises(CommandError, match="1 rows need at-rest a1"):
        keys("retire", "at-rest", "a1")
    assert told() == []
