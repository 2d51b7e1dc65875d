"""A key is opened once a run, and the entry that says so is there before anybody is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from control_plane.audit.models import Entry
from control_plane.catalog.models import ProviderKey
from control_plane.products.models import Product
from control_plane.runs.models import Run
from control_plane.runs.opening import open_destination
from control_plane.runs.preparing import Destination, prepare
from control_plane.runs.services import begin_run
from ductape.types.runs import RunCreate
from tests.control_plane.audit.conftest import Entries
from workers.models.errors import ModelError

WANTED = RunCreate(product="shop", env="dev", model="gpt", input="Hi")


@pytest.fixture(autouse=True)
def _as_runner(settings: Any, key_files: Path) -> None:
    settings.KEYS_DIR = key_files / "runner"


def begin() -> tuple[Run, Destination | ModelError]:
    prepared = prepare(WANTED)
    run = begin_run(prepared)
    return run, open_destination(run, prepared)


def test_opening_a_key_writes_which_one_and_for_which_run(gpt: Any, shop: Product, entries: Entries) -> None:
    run, going_to = begin()

    assert isinstance(going_to, Destination)
    (opened,) = entries("key.opened")
    assert (opened.kind, opened.tag, opened.product, opened.env) == ("key", "gpt", "shop", "dev")
    assert json.loads(opened.details) == {"version": 1, "at_rest": "a1", "run": str(run.id)}


def test_a_key_that_does_not_open_is_written_down_and_nobody_is_told_where_to_go(
    gpt: Any, shop: Product, entries: Entries
) -> None:
    theirs = ProviderKey.objects.get(model_env__environment__slug="prd")
    ProviderKey.objects.filter(model_env__environment__slug="dev").update(sealed=theirs.sealed)
    run, going_to = begin()

    assert isinstance(going_to, ModelError)
    assert going_to.code == "secret_unreadable"
    (unreadable,) = entries("key.unreadable")
    assert json.loads(unreadable.details)["run"] == str(run.id)
    assert entries("key.opened") == []


def test_a_local_model_has_no_key_to_open(alice: Any, shop: Product, entries: Entries) -> None:
    envs = [{"slug": "dev"}]
    alice.post("products/shop/models", {"tag": "gpt", "name": "S", "provider": "local", "model": "a/b", "envs": envs})
    begin()
    assert entries("key.opened") == []


def test_the_entry_costs_a_run_one_statement(gpt: Any, shop: Product, django_assert_num_queries: Any) -> None:
    prepared = prepare(WANTED)
    run = begin_run(prepared)
    # The product's key that opens this one, and the entry.
    with django_assert_num_queries(2):
        open_destination(run, prepared)


def test_the_life_of_a_key_is_told_without_it(gpt: Any, alice: Any, shop: Product, entries: Entries) -> None:
    alice.patch("products/shop/models/gpt", {"envs": [{"slug": "prd", "remove": True}]})
    alice.delete("products/shop/models/gpt")

    told = [(entry.action, entry.env) for entry in entries() if entry.kind == "key"]
    assert told == [("key.set", "dev"), ("key.set", "prd"), ("key.removed", "prd"), ("key.removed", "dev")]
    for entry in entries("key.set"):
        assert json.loads(entry.details).keys() == {"version", "at_rest", "product_key", "hint"}
    said = " ".join(entry.details for entry in Entry.objects.all())
    assert not any(secret in said for secret in ("dev-key-", "prd-key-", "dseal1", "drest1"))
