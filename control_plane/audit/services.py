from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django_scopes import get_scope

from control_plane.audit.actions import Action
from control_plane.audit.actors import current_actor
from control_plane.audit.changes import changed, keepable
from control_plane.audit.models import Entry
from control_plane.tenancy.entering import in_workspace


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
    actor = current_actor()
    with _inside(subject.workspace_id):
        Entry.objects.create(
            workspace_id=subject.workspace_id,
            action=action.value,
            kind=subject.kind,
            object_id=str(subject.id),
            tag=subject.tag,
            product=subject.product,
            env=subject.env,
            details=orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS).decode(),
            actor_kind=actor.kind.value,
            actor_id=actor.id,
            actor_name=actor.name,
            actor_member=actor.member,
            request_id=actor.request_id,
            address=actor.address,
        )


def _inside(workspace_id: UUID) -> AbstractContextManager[None]:
    # Entering again would cost a call of the API four more statements.
    return nullcontext() if get_scope().get("workspace") == workspace_id else in_workspace(workspace_id)
