"""The log of a workspace, for its admins."""

from __future__ import annotations

import json

from django.db.models import Q, QuerySet

from control_plane.audit.models import Entry
from control_plane.workspaces.reach import current_reach
from ductape.types.audit import AuditActor, AuditEntry, AuditFilter


def find_entries(wanted: AuditFilter) -> QuerySet[Entry]:
    """Those within the caller's reach: what concerns no single product or environment is beyond a binding to some."""
    reach = current_reach()
    rows = Entry.objects.filter(reach.in_products("product"), reach.in_envs("env"))
    given = wanted.model_dump(exclude_none=True)
    rows = rows.filter(**{name: given[name] for name in ("action", "kind", "tag", "product", "env") if name in given})
    if wanted.actor is not None:
        rows = rows.filter(Q(actor_name=wanted.actor) | Q(actor_id=wanted.actor))
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    return rows


def shown(row: Entry) -> AuditEntry:
    details = json.loads(row.details)
    return AuditEntry(
        id=str(row.id),
        at=row.at,
        action=row.action,
        kind=row.kind,
        object_id=row.object_id,
        tag=row.tag,
        product=row.product or None,
        env=row.env or None,
        actor=_actor(row),
        before=details.pop("before", {}),
        after=details.pop("after", {}),
        details=details,
        lane=row.lane,
        seq=row.seq,
        hash=bytes(row.hash).hex(),
    )


def _actor(row: Entry) -> AuditActor:
    return AuditActor.model_validate(
        {
            "kind": row.actor_kind,
            "id": row.actor_id,
            "name": row.actor_name,
            "member": row.actor_member or None,
            "request_id": row.request_id or None,
            "address": row.address or None,
        }
    )
