"""The two ways to tenants' rows: inside one workspace, or as an operator who sees them all.

Both are one transaction with a setting that is local to it and that the tables' policies read (`isolation.py`). Without
it the tables are empty and take nothing. It ends with the transaction, so a pooled connection carries nothing over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction
from django_scopes import scope, scopes_disabled

from control_plane.tenancy.isolation import EVERY_WORKSPACE, SETTING


@contextmanager
def in_workspace(workspace_id: UUID) -> Iterator[None]:
    """Read and write the rows of one workspace, in one transaction: the way of everything that serves a tenant."""
    with _visible(str(workspace_id)), scope(workspace=workspace_id):
        yield


@contextmanager
def as_operator() -> Iterator[None]:
    """Read and write the rows of every workspace, in one transaction: for the admin and management commands alone."""
    with _visible(EVERY_WORKSPACE), scopes_disabled():
        yield


@contextmanager
def _visible(rows_of: str) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        outside = _setting() if nested else ""
        _set(rows_of)
        yield
        # The end of a transaction takes the setting back, and so does a rollback; leaving a nested block does not.
        if nested and not connection.needs_rollback:
            _set(outside)


def _setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [SETTING])
        return cursor.fetchone()[0] or ""


def _set(rows_of: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, rows_of])
