"""The application's role adds and reads, whatever it tries; what was written down outlives what it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.core.checks import Tags, run_checks
from django.db import DatabaseError, connection

from control_plane.audit.actions import Action
from control_plane.audit.models import Entry
from control_plane.audit.services import Subject, write_entry
from control_plane.products.models import Product
from control_plane.tenancy.entering import as_operator, in_workspace
from control_plane.workspaces.models import Workspace
from tests.control_plane.audit.conftest import Entries
from tests.control_plane.tenancy.conftest import Database


@contextmanager
def committed(owner: Database, change: str, back: str) -> Iterator[None]:
    """A change that the owner makes for as long as the block lasts, seen by everybody."""
    owner.execute(change)
    owner.commit()
    try:
        yield
    finally:
        owner.execute(back)
        owner.commit()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor_name = 'nobody'",
        "UPDATE audit_entry SET seq = seq",
        "DELETE FROM audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER link",
        "DROP TRIGGER link ON audit_entry",
        "CREATE OR REPLACE FUNCTION audit_link() RETURNS trigger LANGUAGE sql AS ''",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_cannot_change_what_was_written(statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_bootstrap_gives_the_application_no_more_than_it_needs() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT array_agg(privilege_type::text ORDER BY privilege_type) FROM information_schema.role_table_grants
               WHERE table_name = 'audit_entry' AND grantee = 'ductape_app'"""
        )
        # TRUNCATE is what tests/conftest.py adds, to clean up; bootstrap's own test sees that nobody else does.
        assert cursor.fetchone() == (["INSERT", "SELECT", "TRUNCATE"],)


@pytest.mark.django_db
def test_the_check_finds_a_log_that_can_be_changed(owner: Database) -> None:
    grant, revoke = (
        f"{verb} ductape_app" for verb in ("GRANT UPDATE ON audit_entry TO", "REVOKE UPDATE ON audit_entry FROM")
    )
    with committed(owner, grant, revoke):
        (found,) = run_checks(tags=[Tags.database], databases=["default"])
    assert found.id == "ductape.E002"
    assert "bootstrap" in found.msg


def test_the_application_does_not_choose_the_place_the_time_or_the_hash(alice: Any, entries: Entries) -> None:
    before = entries()
    with in_workspace(alice.workspace.id):
        Entry.objects.create(
            workspace_id=alice.workspace.id,
            **dict.fromkeys(("action", "kind", "object_id", "tag", "actor_kind"), "x"),
            details="{}",
            lane=7,
            seq=1,
            at="2020-01-01T00:00:00Z",
            hash=b"mine",
        )
    (written,) = entries()[len(before) :]
    assert (written.lane, written.seq) == (0, len(before) + 1)
    assert written.at > before[-1].at
    assert bytes(written.hash) != b"mine"


def test_entries_outlive_the_product_and_the_workspace(alice: Any, shop: Product, entries: Entries) -> None:
    alice.delete("products/shop")
    assert [entry.action for entry in entries()][-1] == "product.deleted"
    seen = len(entries())
    with as_operator():
        Workspace.objects.get(tag="acme").delete()
    assert len(entries()) == seen


def test_the_log_of_a_workspace_is_seen_in_no_other(alice: Any, mallory: Any) -> None:
    with in_workspace(mallory.workspace.id):
        assert {entry.workspace_id for entry in Entry.objects.all()} == {mallory.workspace.id}
        with pytest.raises(DatabaseError, match="row-level security"):
            Entry.objects.create(workspace_id=alice.workspace.id, details="{}")


def test_if_the_entry_cannot_be_written_the_change_is_undone(alice: Any, refused: Any, owner: Database) -> None:
    grant, revoke = (
        f"{verb} ductape_app" for verb in ("GRANT INSERT ON audit_entry TO", "REVOKE INSERT ON audit_entry FROM")
    )
    with committed(owner, revoke, grant):
        assert refused(alice.post("products", {"name": "Shop"})) == (500, "internal_error")
    assert alice.get("products").json()["data"] == []


def test_an_entry_of_nothing_known_is_the_servers(alice: Any, entries: Entries) -> None:
    write_entry(Action.MODEL_DELETED, Subject(alice.workspace.id, "model", uuid4(), "gpt"))
    assert entries()[-1].actor_kind == "server"
