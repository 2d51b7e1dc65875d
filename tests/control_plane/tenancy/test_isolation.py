"""Every tenant table there is, found by walking the model registry, as SQL finds it that no code of ours filters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.sql import SQL, Identifier

from control_plane.tenancy.application_role import limited_tables
from control_plane.workspaces.checks import tenant_models

Database = psycopg.Connection[tuple[Any, ...]]

TABLES = [model._meta.db_table for model in tenant_models()]
MINE, THEIRS = uuid4(), uuid4()
ANY_VALUE = {
    "uuid": "gen_random_uuid()",
    "integer": "1",
    "smallint": "1",
    "bigint": "1",
    "boolean": "true",
    "jsonb": "'{}'",
    "ARRAY": "'{}'",
    "timestamp with time zone": "now()",
    "double precision": "1",
    "numeric": "1",
    "interval": "'1 day'",
    "text": "gen_random_uuid()",
    "bytea": "''",
}
LIMITED = dict(limited_tables())


def insert_into(database: Database, table: str, workspace: UUID) -> None:
    """A row of anything: what it means does not matter here, nor what it refers to."""
    columns = database.execute(
        """SELECT column_name, data_type, character_maximum_length FROM information_schema.columns
           WHERE table_schema = current_schema() AND table_name = %s AND column_name <> 'workspace_id'
           AND is_generated = 'NEVER'""",
        [table],
    ).fetchall()
    names = SQL(", ").join(Identifier(name) for name, _, _ in columns)
    values = SQL(", ").join(SQL(f"left(gen_random_uuid()::text, {size})" if size else ANY_VALUE[kind])
                            for _, kind, size in columns)  # fmt: skip
    statement = SQL("INSERT INTO {} (workspace_id, {}) VALUES (%s, {})").format(Identifier(table), names, values)
    database.execute(statement, [workspace])


@contextmanager
def application(database: Database, visible: UUID | str = "") -> Iterator[Database]:
    """Be the application's role for a while."""
    with database.transaction(force_rollback=True):
        database.execute("SELECT set_config('ductape.workspace', %s, true)", [str(visible)])
        database.execute("SET LOCAL ROLE ductape_app")
        yield database


def workspaces_in(database: Database, table: str) -> set[UUID]:
    return {
        workspace for (workspace,) in database.execute(SQL("SELECT workspace_id FROM {}").format(Identifier(table)))
    }


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest, owner: Database) -> str:
    """A tenant table with a row of two workspaces."""
    owner.execute("SET LOCAL session_replication_role = replica")
    for workspace in (MINE, THEIRS):
        insert_into(owner, request.param, workspace)
    return str(request.param)


def test_without_a_workspace_a_table_is_empty(owner: Database, table: str) -> None:
    with application(owner):
        assert workspaces_in(owner, table) == set()


def test_a_workspace_sees_its_own_rows_and_an_operator_all(owner: Database, table: str) -> None:
    with application(owner, MINE):
        assert workspaces_in(owner, table) == {MINE}
    with application(owner, "every"):
        assert workspaces_in(owner, table) >= {MINE, THEIRS}


@pytest.mark.parametrize("visible", ["", THEIRS, "EVERY", "%"], ids=["nothing", "another", "shouted", "pattern"])
def test_a_row_of_a_workspace_that_was_not_entered_is_refused(owner: Database, table: str, visible: UUID | str) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"), application(owner, visible):
        insert_into(owner, table, MINE)


def test_a_row_cannot_be_given_to_another_workspace(owner: Database, table: str) -> None:
    update = SQL("UPDATE {} SET workspace_id = %s").format(Identifier(table))
    fence = "permission denied" if table in LIMITED else "row-level security"
    with pytest.raises(errors.InsufficientPrivilege, match=fence), application(owner, MINE):
        owner.execute(update, [THEIRS])


def test_another_workspaces_rows_can_be_neither_changed_nor_deleted(owner: Database, table: str) -> None:
    if table in LIMITED:
        return  # not even one's own: tests/control_plane/audit/test_append_only.py
    mine = [Identifier(table), MINE]
    with application(owner, THEIRS):
        assert owner.execute(SQL("UPDATE {} SET id = id WHERE workspace_id = {}").format(*mine)).rowcount == 0
        assert owner.execute(SQL("DELETE FROM {} WHERE workspace_id = {}").format(*mine)).rowcount == 0
