from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from control_plane.workspaces.models import AccessToken, Scope, Workspace
from control_plane.workspaces.services import check_token, issue_token
from control_plane.workspaces.token_format import new_token


def test_a_token_speaks_for_its_workspace_with_its_scopes(acme: Workspace) -> None:
    principal = check_token(issue_token(workspace=acme, name="ci", scopes=[Scope.READ, Scope.RUN]))

    assert principal is not None
    assert principal.workspace_id == acme.id
    assert [scope for scope in Scope if principal.may(scope)] == [Scope.READ, Scope.RUN]


def test_admin_may_everything(acme: Workspace) -> None:
    principal = check_token(issue_token(workspace=acme, name="root", scopes=[Scope.ADMIN]))
    assert principal is not None
    assert all(principal.may(scope) for scope in Scope)


def test_the_table_holds_nothing_to_call_with(acme: Workspace) -> None:
    token = issue_token(workspace=acme, name="ci", scopes=[Scope.READ])
    row = AccessToken.objects.get(name="ci")

    assert token not in str(vars(row))
    assert token.startswith(row.shown)
    assert check_token(row.digest) is None


def test_expired_and_revoked_tokens_are_nobody(acme: Workspace) -> None:
    expired = issue_token(workspace=acme, name="old", scopes=[Scope.READ], lifetime=timedelta(seconds=-1))
    revoked = issue_token(workspace=acme, name="leaked", scopes=[Scope.READ])
    AccessToken.objects.filter(name="leaked").update(revoked_at=timezone.now())

    assert check_token(expired) is None
    assert check_token(revoked) is None


def test_a_wrong_checksum_costs_no_query(db: None) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert check_token(new_token()[:-1] + "!") is None
    assert len(queries) == 0


def test_use_is_noted_at_minute_grain(acme: Workspace) -> None:
    token = issue_token(workspace=acme, name="ci", scopes=[Scope.READ])
    check_token(token)
    first = AccessToken.objects.get(name="ci").last_used_at
    check_token(token)

    assert first is not None
    assert AccessToken.objects.get(name="ci").last_used_at == first


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer dts_wrong", "Bearer \x00", "Bearer " + "x" * 20_000, "dts_x"],
    ids=lambda header: repr(header[:16]),
)
def test_every_unusable_header_gets_the_same_401(db: None, refused: Any, header: str) -> None:
    answer = Client().get("/api/v1/products", headers={"Authorization": header})

    assert refused(answer) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
