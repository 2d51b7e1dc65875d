from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from control_plane.api.errors import not_found
from control_plane.catalog.keys import note_use
from control_plane.gateway.callers import acting_as, caller_of
from control_plane.gateway.connections import Connections
from control_plane.gateway.http import Exchange
from control_plane.idempotency.services import KeyedRequest, keyed_request
from control_plane.runs import services, shown
from control_plane.runs.candidates import Candidates
from control_plane.runs.engine import Execution
from control_plane.runs.models import Run
from control_plane.runs.once import begin_once, events_again
from control_plane.runs.opening import open_destination
from control_plane.runs.preparing import Destination, Prepared
from control_plane.runs.rekeying import rekey
from control_plane.workspaces.models import Scope
from control_plane.workspaces.services import Principal
from ductape.types import runs
from ductape.types.runs import RunCreate, RunEnded, RunEvent
from workers.models.base import ChatModel
from workers.models.errors import ModelError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A run that is to be made, and where its call goes."""

    caller: Principal
    run: Run
    prepared: Prepared
    going_to: Destination | ModelError


async def create_run(exchange: Exchange, connections: Connections) -> None:
    """`POST /v1/runs`: run an agent or a model, and answer with the run or with its events as they happen."""
    principal = await caller_of(exchange, Scope.RUN)
    body = await exchange.json()
    wanted = RunCreate.model_validate(body)
    key = exchange.header(b"idempotency-key")
    keyed = keyed_request(principal, key, "POST", "/v1/runs", body) if key else None
    begun = await acting_as(principal, _begin, principal, wanted, keyed)
    if isinstance(begun, Run):
        return await _answer_again(exchange, shown.run(begun), stream=wanted.stream)
    candidates = Candidates(begun.prepared, partial(_model, connections, begun), partial(_renewed, connections, begun))
    if wanted.stream:
        return await _stream(exchange, begun.run, candidates)
    return await _answer(exchange, await Execution(begun.run, candidates, _ignore).complete())


async def fetch_run(exchange: Exchange, connections: Connections) -> None:
    """`GET /v1/runs/<id>`"""
    principal = await caller_of(exchange, Scope.READ)
    given = exchange.scope["path"].removeprefix("/v1/runs/")
    try:
        run_id = UUID(given)
    except ValueError:
        raise not_found("run", given) from None
    found = await acting_as(principal, lambda: shown.run(services.get_run(run_id)))
    await _answer(exchange, found)


async def _answer(exchange: Exchange, run: runs.Run) -> None:
    await exchange.answer(200, run.model_dump_json(by_alias=True).encode())


async def _answer_again(exchange: Exchange, ended: runs.Run, *, stream: bool) -> None:
    if not stream:
        return await _answer(exchange, ended)
    await exchange.start_events()
    for event in events_again(ended):
        await exchange.event(_frame(event))
    return await exchange.end_events()


def _begin(principal: Principal, wanted: RunCreate, keyed: KeyedRequest | None) -> Opened | Run:
    """The run on its way; or the run itself, which has ended before."""
    begun = begin_once(wanted, keyed)
    if begun.prepared is None:
        return begun.run
    return Opened(principal, begun.run, begun.prepared, open_destination(begun.run, begun.prepared))


def _open_late(run: Run, way: Prepared) -> Destination | ModelError:
    if way.key is not None:
        note_use(way.key)
    return open_destination(run, way)


async def _model(connections: Connections, first: Opened, way: Prepared) -> ChatModel:
    opened = first.going_to
    if way is not first.prepared:
        opened = await acting_as(first.caller, _open_late, first.run, way)
    if isinstance(opened, ModelError):
        raise opened
    return connections.model(opened)


async def _renewed(connections: Connections, first: Opened, way: Prepared) -> tuple[Prepared, ChatModel] | None:
    run = first.run
    rekeyed = await acting_as(first.caller, rekey, run, way)
    if rekeyed is None:
        return None
    if isinstance(rekeyed, ModelError):
        raise rekeyed
    # Only now that it is committed.
    run.attempt, run.key_version = rekeyed.attempt, rekeyed.key_version
    return rekeyed.prepared, connections.model(rekeyed.going_to)


async def _stream(exchange: Exchange, run: Run, candidates: Candidates) -> None:
    # Unbounded on purpose: a slow reader must not hold the engine, and an answer is small. None ends it.
    events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
    execution = asyncio.create_task(Execution(run, candidates, events.put_nowait).complete())
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
