"""The ORM from the event loop: in a bounded set of threads, one transaction inside one workspace, no connection held
afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import close_old_connections

from control_plane.tenancy.entering import in_workspace

P = ParamSpec("P")
T = TypeVar("T")

# Fewer than the connection pool has, so that a thread never waits for a connection.
_threads = ThreadPoolExecutor(max_workers=12, thread_name_prefix="database")


async def in_thread(workspace_id: UUID | None, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run database work without blocking the loop.

    Args:
        workspace_id: whose rows may be seen; None before the caller is known, when tenant tables raise.
    """

    def scoped() -> T:
        close_old_connections()
        try:
            if workspace_id is None:
                return work(*args, **kwargs)
            with in_workspace(workspace_id):
                return work(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, scoped)
