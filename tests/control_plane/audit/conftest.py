from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.audit.models import Entry
from control_plane.tenancy.entering import in_workspace
from tests.control_plane.catalog.conftest import gpt as gpt
from tests.control_plane.catalog.conftest import seal as seal
from tests.control_plane.tenancy.conftest import owner as owner

Entries = Callable[..., list[Entry]]


@pytest.fixture
def entries(alice: Any) -> Entries:
    """What is written down in alice's workspace, oldest first, perhaps of one action alone."""

    def found(action: str | None = None) -> list[Entry]:
        with in_workspace(alice.workspace.id):
            rows = Entry.objects.order_by("seq")
            return list(rows.filter(action=action) if action else rows)

    return found
