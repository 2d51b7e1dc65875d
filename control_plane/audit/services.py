from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django_scopes import get_scope

from control_plane.audit.actions import Action
from control_plane.audit.actors import current_actor
from control_plane.audit.changes import changed, keepable
from control_plane.ids import uuid7
from control_plane.tenancy.entering import in_workspace

# By hand: each run writes one, and composing the statement anew takes several times as long as executing it.
_COLUMNS = (
    *("id", "action", "workspace_id", "kind", "object_id", "tag", "product", "env", "details"),
    *("actor_kind", "actor_id", "actor_name", "actor_member", "request_id", "address"),
)
_INSERT = f"INSERT INTO audit_entry ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an entry is about, by names that stay when the row is gone."""

    workspace_id: UUID
    kind: str
    id: UUID | str
    tag: str
    product: str = ""
    """Tag of the product that it is, or is in."""
    env: str = ""
    """Slug of the one environment that it concerns."""


def write_entry(
    action: Action,
    subject: Subject,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    """Say that something happens, in the transaction in which it happens: one cannot be without the other.

    Args:
        before: the fields as they were; of both states only what differs is kept.
        more: what else there is to know, such as key ids; never a secret.
    """
    was, now = changed(before or {}, after or {})
    said = {name: keepable(value) for name, value in {"before": was, "after": now, **more}.items() if value}
    details = orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS).decode()
    actor = current_actor()
    about = (subject.workspace_id, subject.kind, str(subject.id), subject.tag, subject.product, subject.env)
    by = (actor.kind.value, actor.id, actor.name, actor.member, actor.request_id, actor.address)
    with _inside(subject.workspace_id), connection.cursor() as cursor:
        cursor.execute(_INSERT, [uuid7(), action.value, *about, details, *by])


def _inside(workspace_id: UUID) -> AbstractContextManager[None]:
    # Entering again would cost a call of the API four more statements.
    return nullcontext() if get_scope().get("workspace") == workspace_id else in_workspace(workspace_id)
