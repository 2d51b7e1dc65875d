"""Asking providers about keys, which only a runner can: here they open."""

from __future__ import annotations

import time
from functools import partial

from control_plane.api.errors import ApiError, beyond_binding
from control_plane.catalog import shown
from control_plane.gateway.callers import acting_as, caller_of
from control_plane.gateway.connections import Connections
from control_plane.gateway.http import Exchange
from control_plane.runs.key_checks import begin_test, begin_verification, settle
from control_plane.runs.preparing import Destination
from control_plane.workspaces.models import Scope
from ductape.types.keys import KeyVerify, ModelTest, ModelTested
from workers.models.errors import ModelError


async def test_model(exchange: Exchange, connections: Connections) -> None:
    """`POST /v1/models/test`: whatever the provider says is an answer."""
    principal = await caller_of(exchange, Scope.RUN)
    wanted = ModelTest.model_validate(await exchange.json())
    asker = {"workspace_id": principal.workspace_id, "token_id": principal.token_id}
    key, going_to = await acting_as(principal, partial(begin_test, wanted, **asker))
    started = time.monotonic()
    fault = await _ask(connections, going_to)
    tested = ModelTested(
        ok=fault is None,
        latency_ms=(time.monotonic() - started) * 1000,
        key_version=key.version if key else None,
        code=fault.code if fault else None,
        message=fault.message if fault else None,
    )
    await exchange.answer(200, tested.model_dump_json().encode())


async def verify_key(exchange: Exchange, connections: Connections) -> None:
    """`POST /v1/models/verify-key`: the provider accepts the pending key, and it is active; or it is rejected."""
    principal = await caller_of(exchange, Scope.WRITE)
    if principal.reach.envs is not None:
        raise beyond_binding()
    wanted = KeyVerify.model_validate(await exchange.json())
    asker = {"workspace_id": principal.workspace_id, "token_id": principal.token_id}
    key, going_to = await acting_as(principal, partial(begin_verification, wanted, **asker))
    if going_to is not None:
        fault = await _ask(connections, going_to)
        settled = await acting_as(principal, partial(settle, key, fault))
        if isinstance(settled, ApiError):
            raise settled
        key = settled
    await exchange.answer(200, shown.key_version(key).model_dump_json().encode())


async def _ask(connections: Connections, going_to: Destination) -> ModelError | None:
    try:
        await connections.check(going_to)
    except ModelError as fault:
        return fault
    return None
