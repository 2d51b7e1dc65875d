from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ductape.stack.errors import StackError


@dataclass(frozen=True)
class Credentials:
    """How to get in. The secret parts are None if they are not kept here, because somebody else made the workspace."""

    workspace: str
    admin_user: str
    admin_password: str | None = field(repr=False)
    access_key: str | None = field(repr=False)


def keep_answer(answer: Path, kept: Path) -> None:
    """Secrets are shown once, so the answer that has them becomes the kept file, also after an interrupted start."""
    if answer.exists() and _read(answer).get("created"):
        answer.replace(kept)


def read(answer: Path, kept: Path) -> Credentials:
    """
    Args:
        answer: what the last bootstrap said, if it created nothing.
        kept: the answer of the one that created the workspace.
    """
    said = _read(kept) or _read(answer)
    if not said:
        raise StackError(f"no workspace was created; the log of bootstrap beside {kept} has the details")
    return Credentials(
        said["workspace"], said["admin_user"], said.get("admin_password"), said.get("access_key")
    )  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text().strip().splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return {}
    return said if isinstance(said, dict) else {}
