"""A run is begun once for each idempotency key; whoever comes with the key again is answered from its row."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from control_plane.api.errors import ApiError
from control_plane.idempotency.services import KeyedRequest, claim, keep
from control_plane.runs.models import Run
from control_plane.runs.preparing import Prepared, prepare
from control_plane.runs.services import begin_run, get_run
from ductape.types import runs
from ductape.types.runs import MessageDelta, RunCreate, RunEnded, RunEvent, RunStarted


@dataclass(frozen=True, slots=True)
class Begun:
    run: Run
    prepared: Prepared | None
    """What the call needs; `None`: the run was begun before, and has ended."""


@transaction.atomic
def begin_once(wanted: RunCreate, keyed: KeyedRequest | None) -> Begun:
    """Begin the run, unless its key began it before.

    Raises:
        ApiError: as `prepare`; 409 the key came with another request, or its run has not ended yet.
    """
    kept = claim(keyed) if keyed else None
    if kept is not None and kept.status:
        return Begun(_ended(UUID(kept.body["run"])), None)
    prepared = prepare(wanted)
    run = begin_run(prepared)
    if kept is not None:
        keep(kept, status=200, body={"run": str(run.id)})
    return Begun(run, prepared)


def events_again(run: runs.Run) -> list[RunEvent]:
    """The events of a run that has ended, its text in one piece."""
    texts = [run.output] if run.output else []
    deltas = [MessageDelta(seq=seq, text=text) for seq, text in enumerate(texts, start=2)]
    return [RunStarted(seq=1, run=run), *deltas, RunEnded(seq=len(deltas) + 2, run=run)]


def _ended(run_id: UUID) -> Run:
    run = get_run(run_id)
    if run.finished_at is None:
        message = f"the run {run_id} of this idempotency key has not ended yet; fetch it, or send this again later"
        raise ApiError(409, "idempotency_in_progress", message, param="Idempotency-Key", retryable=True)
    return run
