from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from uuid import UUID

from django_scopes import scope

from control_plane.api.authentication import principal_of
from control_plane.api.errors import missing_scope, not_found
from control_plane.audit.actors import acting
from control_plane.gateway.connections import Connections
from control_plane.gateway.http import Exchange
from control_plane.idempotency.services import KeyedRequest, keyed_request
from control_plane.runs import services, shown
from control_plane.runs.database import in_thread
from control_plane.runs.engine import Emit, Execution
from control_plane.runs.models import Run
from control_plane.runs.once import begin_once, events_again
from control_plane.runs.opening import open_destination
from control_plane.runs.preparing import Destination
from control_plane.workspaces.models import Scope
from control_plane.workspaces.services import Principal
from ductape.types import runs
from ductape.types.runs import RunCreate, RunEnded, RunEvent
from workers.models.errors import ModelError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

HEARTBEAT_SECONDS = 15.0


async def create_run(exchange: Exchange, connections: Connections) -> None:
    """`POST /v1/runs`: run an agent or a model, and answer with the run or with its events as they happen."""
    principal = await _caller(exchange, Scope.RUN)
    body = await exchange.json()
    wanted = RunCreate.model_validate(body)
    key = exchange.header(b"idempotency-key")
    keyed = keyed_request(principal, key, "POST", "/v1/runs", body) if key else None
    run, going_to = await _as(principal, _begin, wanted, keyed)
    if going_to is None:
        await _answer_again(exchange, shown.run(run), stream=wanted.stream)
    elif wanted.stream:
        await _stream(exchange, connections, run, going_to)
    else:
        await _answer(exchange, await _execute(connections, run, going_to, _ignore))


async def fetch_run(exchange: Exchange, connections: Connections) -> None:
    """`GET /v1/runs/<id>`"""
    principal = await _caller(exchange, Scope.READ)
    given = exchange.scope["path"].removeprefix("/v1/runs/")
    try:
        run_id = UUID(given)
    except ValueError:
        raise not_found("run", given) from None
    found = await _as(principal, lambda: shown.run(services.get_run(run_id)))
    await _answer(exchange, found)


async def _caller(exchange: Exchange, needed: Scope) -> Principal:
    authorization = exchange.header(b"authorization")
    caller = {"request_id": exchange.request_id, "address": exchange.address}
    principal = await in_thread(None, principal_of, authorization, **caller)
    if not principal.may(needed):
        raise missing_scope(needed)
    return principal


async def _as(principal: Principal, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Database work on behalf of the caller, within the caller's workspace and reach."""

    def within() -> T:
        with scope(reach=principal.reach), acting(principal.actor):
            return work(*args, **kwargs)

    return await in_thread(principal.workspace_id, within)


async def _answer(exchange: Exchange, run: runs.Run) -> None:
    await exchange.answer(200, run.model_dump_json(by_alias=True).encode())


async def _answer_again(exchange: Exchange, ended: runs.Run, *, stream: bool) -> None:
    if not stream:
        return await _answer(exchange, ended)
    await exchange.start_events()
    for event in events_again(ended):
        await exchange.event(_frame(event))
    return await exchange.end_events()


def _begin(wanted: RunCreate, keyed: KeyedRequest | None) -> tuple[Run, Destination | ModelError | None]:
    """The run and where its call goes; `None`: nowhere, it has ended before."""
    begun = begin_once(wanted, keyed)
    return begun.run, open_destination(begun.run, begun.prepared) if begun.prepared else None


async def _execute(connections: Connections, run: Run, going_to: Destination | ModelError, emit: Emit) -> runs.Run:
    execution = Execution(run, emit)
    if isinstance(going_to, ModelError):
        return await execution.fail(going_to)
    try:
        model = connections.model(going_to)
    except ModelError as error:
        return await execution.fail(error)
    return await execution.complete(model)


async def _stream(exchange: Exchange, connections: Connections, run: Run, going_to: Destination | ModelError) -> None:
    # Unbounded on purpose: a slow reader must not hold the engine, and an answer is small. None ends it.
    events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
    execution = asyncio.create_task(_execute(connections, run, going_to, events.put_nowait))
    gone = asyncio.create_task(exchange.disconnected())
    for task in (execution, gone):
        task.add_done_callback(lambda _: events.put_nowait(None))
    try:
        await exchange.start_events()
        await _send_events(exchange, events)
    finally:
        gone.cancel()
        execution.cancel()
        _, failed = await asyncio.gather(gone, execution, return_exceptions=True)
        if isinstance(failed, Exception):
            logger.error("run %s could not be recorded", run.id, exc_info=failed)


async def _send_events(exchange: Exchange, events: asyncio.Queue[RunEvent | None]) -> None:
    while True:
        try:
            event = await asyncio.wait_for(events.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            await exchange.event(b": still running\n\n")
            continue
        if event is None:
            return
        await exchange.event(_frame(event))
        if isinstance(event, RunEnded):
            return await exchange.end_events()


def _frame(event: RunEvent) -> bytes:
    data = event.model_dump_json(by_alias=True)
    return f"id: {event.seq}\nevent: {event.type}\ndata: {data}\n\n".encode()


def _ignore(event: RunEvent) -> None:
    pass
