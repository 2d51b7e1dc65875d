"""What is done beside the API, in the admin and by commands, has its actor too."""

from __future__ import annotations

import getpass
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from control_plane.audit.admin import RecordedUserAdmin
from control_plane.audit.models import NO_WORKSPACE, Entry
from control_plane.console.looking import LookingAdmin
from control_plane.tenancy.entering import in_workspace
from control_plane.workspaces.models import AccessToken
from tests.control_plane.audit.conftest import Entries

COMMANDS = sorted((Path(__file__).parents[3] / "control_plane").glob("*/management/commands/[a-z]*.py"))
# They change nothing, or only what can be made anew, such as tables.
UNRECORDED = {"audit", "migrate", "openapi"}
PASSWORD = "Correct-Horse-9"
NEW_PASSWORD = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}


@pytest.fixture
def console(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def of_the_installation() -> list[Entry]:
    with in_workspace(NO_WORKSPACE):
        return list(Entry.objects.order_by("seq"))


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_a_command_that_changes_something_says_so(path: Path) -> None:
    assert ("(OperatorCommand)" in path.read_text()) == (path.stem not in UNRECORDED)


def test_a_command_is_the_operators(db: None, entries: Entries, alice: Any) -> None:
    call_command("tokens", "issue", "acme", "--name", "rescue", "--scope", "admin", stdout=StringIO())
    issued = entries("token.created")[-1]

    assert (issued.actor_kind, issued.actor_name) == ("operator", "tokens issue")
    assert issued.actor_id == getpass.getuser()
    assert (issued.tag, json.loads(issued.details)["after"]["scopes"]) == ("rescue", ["admin"])


def test_a_token_revoked_in_the_admin_is_the_users(console: Client, alice: Any, entries: Entries) -> None:
    token = AccessToken.objects.get(name="alice")
    console.post("/admin/workspaces/accesstoken/", {"action": "revoke", "_selected_action": [str(token.pk)]})
    (revoked,) = entries("token.revoked")

    assert (revoked.actor_kind, revoked.actor_name, revoked.tag) == ("user", "operator", "alice")
    assert revoked.request_id.startswith("req_")


def test_users_made_changed_and_deleted_in_the_admin_are_written_down(console: Client) -> None:
    console.post("/admin/auth/user/add/", {"username": "eve", **NEW_PASSWORD})
    eve = User.objects.get(username="eve")
    console.post(f"/admin/auth/user/{eve.pk}/password/", NEW_PASSWORD)
    console.post("/admin/auth/user/", {"action": "delete_selected", "_selected_action": [eve.pk], "post": "yes"})

    told = of_the_installation()
    assert [(entry.action, entry.tag) for entry in told] == [
        ("user.created", "eve"),
        ("user.updated", "eve"),
        ("user.deleted", "eve"),
    ]
    assert {(entry.actor_kind, entry.actor_name) for entry in told} == {("user", "operator")}
    assert PASSWORD not in "".join(entry.details for entry in told)


def test_nothing_else_in_the_admin_changes_anything() -> None:
    kinds = {type(page) for page in admin.site._registry.values()}
    assert [kind for kind in kinds if not issubclass(kind, LookingAdmin | RecordedUserAdmin)] == []


def test_the_admin_shows_entries_and_changes_none(console: Client, alice: Any, entries: Entries) -> None:
    alice.post("products", {"name": "Shop"})
    (created,) = entries("product.created")

    listed = console.get("/admin/audit/entry/").content.decode()
    assert "product.created" in listed
    assert console.get(f"/admin/audit/entry/{created.pk}/change/").status_code == 200
    assert console.post(f"/admin/audit/entry/{created.pk}/delete/", {"post": "yes"}).status_code == 403


def test_no_list_of_the_admin_counts_a_whole_table(console: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        console.get("/admin/audit/entry/")
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)
