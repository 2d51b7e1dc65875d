"""What the database really does to keep a table's workspaces apart, read from its catalogs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from django.db.models import Model

from control_plane.tenancy.isolation import POLICY

_INSIDE = re.compile(r"FOREIGN KEY \(workspace_id, (\w+)\) REFERENCES (\w+)\(workspace_id, id\)")


class Cursor(Protocol):
    def execute(self, query: Any, params: Any = None) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


def holes(cursor: Cursor, model: type[Model]) -> list[str]:
    """Ways in which rows of one workspace could be seen or referred to from another, each with its cure."""
    table = model._meta.db_table
    unfenced = [] if _fenced(cursor, table) else [f"{table} shows every workspace's rows: isolate() it in a migration"]
    return unfenced + open_references(cursor, model)


def open_references(cursor: Cursor, model: type[Model]) -> list[str]:
    """The model's foreign keys to tables with workspaces that do not include the workspace."""
    table = model._meta.db_table
    inside = _references_inside(cursor, table)
    return [
        f"{table}.{column} may refer to another workspace's row: add a reference() to {to} in a migration"
        for column, to in _references(model)
        if (column, to) not in inside
    ]


def _fenced(cursor: Cursor, table: str) -> bool:
    cursor.execute("SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table])
    (forced,) = cursor.fetchone()
    # One policy, for all commands and all roles: a second one could only let more through.
    everybody = "polcmd = '*' AND polpermissive AND polroles = '{0}'"
    cursor.execute(f"SELECT polname, {everybody} FROM pg_policy WHERE polrelid = %s::regclass", [table])
    return bool(forced) and cursor.fetchall() == [(POLICY, True)]


def _references(model: type[Model]) -> Iterator[tuple[str, str]]:
    """Column and table of each foreign key to a table with workspaces."""
    for field in model._meta.concrete_fields:
        to = field.related_model
        if field.column and to and any(each.name == "workspace" for each in to._meta.concrete_fields):
            yield field.column, to._meta.db_table


def _references_inside(cursor: Cursor, table: str) -> set[tuple[str, ...]]:
    """Column and table of each foreign key that includes the workspace on both sides."""
    definitions = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND convalidated"
    cursor.execute(definitions, [table])
    return {match.groups() for (text,) in cursor.fetchall() if (match := _INSIDE.match(text))}
