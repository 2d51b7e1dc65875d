"""What `manage.py check --database default` and bootstrap say about the fence between workspaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections, models

from control_plane.audit.models import Entry
from control_plane.tenancy.application_role import limited_tables
from control_plane.tenancy.inspection import holes
from control_plane.workspaces.models import WorkspaceRow

_GIVE_BOTH = "Give the owner of the tables as DATABASE_OWNER_URL and another role as DATABASE_URL, then run bootstrap."


def tenant_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, WorkspaceRow | Entry)]


@register(Tags.database)
def check_isolation(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    return [message for alias in databases or () for message in (*_role(alias), *_tables(alias))]


def _role(alias: str) -> list[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        (unbound,) = cursor.fetchone()
        cursor.execute("SELECT EXISTS (SELECT FROM pg_tables WHERE tableowner = current_user)")
        (owns,) = cursor.fetchone()
    if unbound:
        text = "DATABASE_URL's role is a superuser or has BYPASSRLS: row-level security does not bind it"
        return [Warning(text, hint=_GIVE_BOTH, id="ductape.W001")]
    if owns:
        text = "DATABASE_URL's role owns the tables: row-level security binds it, but it could switch that off"
        return [Warning(text, hint=_GIVE_BOTH, id="ductape.W002")]
    return _privileges(alias)


def _privileges(alias: str) -> list[CheckMessage]:
    """Tables made by `migrate` alone have the privileges of all others until bootstrap takes them."""
    there = set(connections[alias].introspection.table_names())
    found: list[CheckMessage] = []
    with connections[alias].cursor() as cursor:
        for table in (name for name, may in limited_tables() if name in there and "UPDATE" not in may):
            cursor.execute("SELECT has_table_privilege(%s, 'UPDATE') OR has_table_privilege(%s, 'DELETE')", [table] * 2)
            if cursor.fetchone()[0]:
                text = f"{table} can be changed by the role of DATABASE_URL: run bootstrap, which takes that away"
                found.append(Error(text, id="ductape.E002"))
    return found


def _tables(alias: str) -> list[CheckMessage]:
    there = set(connections[alias].introspection.table_names())
    with connections[alias].cursor() as cursor:
        found = [hole for model in tenant_models() if model._meta.db_table in there for hole in holes(cursor, model)]
    return [Error(hole, id="ductape.E001") for hole in found]
