from __future__ import annotations

from typing import Any

from control_plane.api.errors import ApiError
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.versions.diffing import diff
from control_plane.versions.models import Version, Versioned
from control_plane.workspaces.reach import current_reach
from ductape.types.versions import Diff


def record(row: Versioned, content: dict[str, Any], *, author: str, message: str) -> None:
    """Write the row's next version and the entry that says so, unless nothing has changed.

    Args:
        content: everything but keys, as JSON.
    """
    latest = row.history().order_by("number").last()
    if latest is not None and latest.content == content:
        return
    row.version = latest.number + 1 if latest else 1
    row.save(update_fields=["version", "updated_at"])
    row.history().create(
        workspace_id=row.workspace_id, number=row.version, author=author, message=message, content=content
    )
    action = Action(f"{row.subject.kind}.{'updated' if latest else 'created'}")
    before = latest.content if latest else {}
    write_entry(action, row.subject, before=before, after=content, version=row.version, message=message)


def get_version(row: Versioned, number: int) -> Version:
    """Raises: ApiError: 404."""
    version: Version | None = row.history().filter(number=number).first()
    if version is None:
        raise ApiError(
            404, "version_not_found", f"no version {number} here; the latest is {row.version}", param="version"
        )
    return version


def visible_content(version: Version) -> dict[str, Any]:
    """Without what it said in environments beyond the caller's reach."""
    reach = current_reach()
    envs = {slug: said for slug, said in version.content["envs"].items() if reach.has_env(slug)}
    return {**version.content, "envs": envs}


def compare(row: Versioned, before: int, after: int) -> Diff:
    """Raises: ApiError: 404."""
    old, new = (visible_content(get_version(row, number)) for number in (before, after))
    return Diff(before=before, after=after, changes=diff(old, new))
