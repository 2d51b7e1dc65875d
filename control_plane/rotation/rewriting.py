"""Write rows anew in small batches, while others read and write them.

A batch is one short transaction that takes only rows that nobody holds, so it waits for nobody; the ones left out come
in a later pass. A row is written only if its secret is still what was read. Every row is whole under one key at any
moment: after a crash there is nothing to undo, and doing it again does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import sleep
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.sql import SQL, Identifier

from control_plane.rotation.levels import Values, Work
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.models import SecretRow

BATCH = 200
PATIENCE = 100
"""Passes in a row that change nothing, because others hold all rows that are left; each waits a tenth of a second."""

Enter = Callable[[], AbstractContextManager[None]]


@dataclass(slots=True)
class Outcome:
    written: int = 0
    left: int = 0
    """Rows that others held all the time; doing it again takes them."""
    unreadable: set[str] = field(default_factory=set)


def rewrite(work: Work, *, enter: Enter, said: Callable[[int], None]) -> Outcome:
    """
    Args:
        enter: gives sight of the rows, in a transaction.
        said: is told how many rows a batch has written.
    """
    outcome = Outcome()
    for _ in range(PATIENCE):
        while written := _pass(work, enter, said, outcome):
            outcome.written += written
        with enter():
            outcome.left = work.rows().exclude(id__in=outcome.unreadable).count()
        if not outcome.left:
            break
        sleep(0.1)
    return outcome


def _pass(work: Work, enter: Enter, said: Callable[[int], None], outcome: Outcome) -> int:
    """Once over all rows. Returns: how many were written."""
    total, after = 0, UUID(int=0)
    while True:
        with enter():
            rows = _held(work, after)
            written = _write(work, rows, outcome)
        if not rows:
            return total
        total, after = total + written, rows[-1].pk
        said(written)


def _held(work: Work, after: UUID) -> list[SecretRow]:
    free = work.rows().select_related(*work.model.IDENTITY_FIELDS).filter(id__gt=after).order_by("id")
    return list(free.select_for_update(skip_locked=True, of=("self",), no_key=True)[:BATCH])


def _write(work: Work, rows: Iterable[SecretRow], outcome: Outcome) -> int:
    anew = []
    for row in rows:
        try:
            anew.append((work.rewrite(row), row))
        except SecretUnreadable:
            outcome.unreadable.add(str(row.pk))
    return _swap(work, anew) if anew else 0


def _swap(work: Work, anew: list[tuple[Values, SecretRow]]) -> int:
    columns = list(anew[0][0])
    statement = SQL("UPDATE {table} SET {values} WHERE id = %s AND {secret} = %s").format(
        table=Identifier(work.model._meta.db_table),
        values=SQL(", ").join(SQL("{} = %s").format(Identifier(name)) for name in columns),
        secret=Identifier(work.column),
    )
    rows: list[list[Any]] = [[*values.values(), row.pk, getattr(row, work.column)] for values, row in anew]
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return int(cursor.rowcount)
