from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from control_plane.workspaces.models import AccessToken, Scope, Workspace
from control_plane.workspaces.reach import Reach
from control_plane.workspaces.services import check_token, issue_token


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("tokens", *arguments, stdout=out)
    return out.getvalue()


def test_issue_prints_a_token_that_works_and_nothing_else(acme: Workspace) -> None:
    token = said("issue", "acme", "--name", "rescue", "--scope", "admin").strip()

    principal = check_token(token)
    assert principal is not None
    assert principal.workspace_id == acme.id
    assert principal.scopes == set(Scope)


def test_issue_binds(acme: Workspace) -> None:
    arguments = ["--scope", "read", "--scope", "run", "--product", "shop", "--env", "dev", "--env", "prd"]
    principal = check_token(said("issue", "acme", "--name", "ci", *arguments).strip())

    assert principal is not None
    assert principal.scopes == {Scope.READ, Scope.RUN}
    assert principal.reach == Reach.of(["shop"], ["dev", "prd"])


def test_revoke_ends_a_token_by_its_id(acme: Workspace) -> None:
    token = issue_token(workspace=acme, name="ci", scopes=[Scope.READ])
    row = AccessToken.objects.get(name="ci")

    assert said("revoke", str(row.id)) == f"revoked {row.id} ci ({token[:12]}…)\n"
    assert check_token(token) is None


def test_revoke_reads_a_leaked_token_from_standard_input(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issue_token(workspace=acme, name="ci", scopes=[Scope.READ])
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))

    assert token not in said("revoke", "-")
    assert check_token(token) is None


def test_list_shows_every_token_and_no_secret(acme: Workspace) -> None:
    tokens = [issue_token(workspace=acme, name=name, scopes=[Scope.READ]) for name in ("one", "two")]
    said("revoke", str(AccessToken.objects.get(name="two").id))

    one, two = said("list", "acme").splitlines()
    assert "expires" in one
    assert "revoked" in two
    assert all(token not in one + two for token in tokens)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["issue", "nope", "--name", "x", "--scope", "read"], "no workspace 'nope'"),
        (["issue", "acme", "--name", "x", "--scope", "read", "--days", "366"], "--days"),
        (["issue", "acme", "--name", "x", "--scope", "root"], "invalid choice"),
        (["list", "nope"], "no workspace"),
        (["revoke", "not-an-id"], "no such token"),
        (["revoke", "00000000-0000-7000-8000-000000000000"], "no such token"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(acme: Workspace, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        said(*arguments)


def test_a_stranger_on_standard_input_is_no_token(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("dts_nothing"))
    with pytest.raises(CommandError, match="no such token"):
        said("revoke", "-")
