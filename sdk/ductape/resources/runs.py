from __future__ import annotations

from typing import Any

from ductape.call import Call
from ductape.resources.base import Resource, given, segment, validated
from ductape.types.runs import Run, RunCreate, RunEvent, run_event

RUN_SECONDS = 600.0
"""How long to wait for a run that says nothing about its time itself."""
SLACK_SECONDS = 30.0
"""What a run takes beside its model call; the server ends a run before the client gives it up."""

_KNOWN_EVENTS = {"run_started", "message_delta", "run_ended"}


class Runs(Resource):
    def fetch(self, *, run_id: str) -> Run:
        """Args: run_id: the `execution_id` of a run."""
        url = f"/v1/runs/{segment(run_id)}"
        return self._transport.send(Call("GET", url, Run.model_validate, service="runner"))


def parse(**fields: Any) -> RunCreate:
    return validated(RunCreate, given(**fields))


def create(run: RunCreate) -> Call[Run]:
    return Call("POST", "/v1/runs", Run.model_validate, body=_body(run), service="runner", timeout=_patience(run))


def stream(run: RunCreate) -> Call[RunEvent | None]:
    """Its `parse` gives `None` for an event of a newer server, which this client does not know."""
    fields = {**_body(run), "stream": True}
    return Call("POST", "/v1/runs", _parse_event, body=fields, service="runner", timeout=_patience(run))


def _body(run: RunCreate) -> dict[str, Any]:
    return run.model_dump(mode="json", exclude_unset=True, by_alias=True)


def _parse_event(data: dict[str, Any]) -> RunEvent | None:
    return run_event.validate_python(data) if data.get("type") in _KNOWN_EVENTS else None


def _patience(run: RunCreate) -> float:
    own = run.overrides.timeout
    return (RUN_SECONDS if own is None else own / 1000) + SLACK_SECONDS
