"""Who calls the runner, and work on their behalf."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django_scopes import scope

from control_plane.api.authentication import principal_of
from control_plane.api.errors import missing_scope
from control_plane.audit.actors import acting
from control_plane.gateway.http import Exchange
from control_plane.runs.database import in_thread
from control_plane.workspaces.models import Scope
from control_plane.workspaces.services import Principal

P = ParamSpec("P")
T = TypeVar("T")


async def caller_of(exchange: Exchange, needed: Scope) -> Principal:
    """Raises: ApiError: 401 nobody; 403 somebody without the scope."""
    authorization = exchange.header(b"authorization")
    caller = {"request_id": exchange.request_id, "address": exchange.address}
    principal = await in_thread(None, principal_of, authorization, **caller)
    if not principal.may(needed):
        raise missing_scope(needed)
    return principal


async def acting_as(principal: Principal, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Database work on behalf of the caller, within the caller's workspace and reach."""

    def within() -> T:
        with scope(reach=principal.reach), acting(principal.actor):
            return work(*args, **kwargs)

    return await in_thread(principal.workspace_id, within)
