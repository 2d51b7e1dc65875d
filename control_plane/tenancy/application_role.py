"""The role that control and runner connect as: it reads and writes rows and owns nothing.

A model that says `application_may = ("SELECT", "INSERT")` has a table in which it can do no more than that.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.core.management import CommandError
from django.db import ProgrammingError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.sql import SQL, Composable, Identifier, Literal

# No TRUNCATE, which policies do not bind, and no REFERENCES or TRIGGER, which belong to owners.
_PRIVILEGES = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role}",
)
_LOCK = 0x726F6C65  # "role": two that admit at once would trip over each other's grants


def admit_application(owner: BaseDatabaseWrapper, *, name: str, password: str) -> None:
    """Create the application's role unless it exists, and let it use the owner's tables, later ones too.

    Raises:
        CommandError: the role does not exist and the owner may not create roles.
    """
    with transaction.atomic(using=owner.alias), owner.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s), current_schema()", [_LOCK])
        schema = Identifier(cursor.fetchone()[1])
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone() is None:
            _create(owner, name, password)
        for privilege in _PRIVILEGES:
            cursor.execute(SQL(privilege).format(schema=schema, role=Identifier(name)))
        for table, may in limited_tables():
            names = {"table": Identifier(table), "role": Identifier(name), "may": SQL(", ").join(map(SQL, may))}
            cursor.execute(SQL("REVOKE ALL ON {table} FROM {role}").format(**names))
            cursor.execute(SQL("GRANT {may} ON {table} TO {role}").format(**names))


def limited_tables() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Tables in which the application may not do everything, and what it may."""
    for model in apps.get_models():
        if may := getattr(model, "application_may", None):
            yield model._meta.db_table, may


def _create(owner: BaseDatabaseWrapper, name: str, password: str) -> None:
    try:
        with owner.cursor() as cursor:
            cursor.execute(SQL("CREATE ROLE {} LOGIN{}").format(Identifier(name), _password(owner, name, password)))
    except ProgrammingError:
        raise CommandError(
            f"DATABASE_URL names the role {name!r}, which does not exist, and DATABASE_OWNER_URL's may not create it: "
            f"have it created (CREATE ROLE {name} LOGIN PASSWORD '...'), then run bootstrap again"
        ) from None


def _password(owner: BaseDatabaseWrapper, name: str, password: str) -> Composable:
    if not password:
        return SQL("")
    # Only a verifier travels: statements end up in the server's log.
    verifier = owner.connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return SQL(" PASSWORD {}").format(Literal(verifier.decode()))
