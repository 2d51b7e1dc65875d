from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ductape.call import Call, new_key
from ductape.errors import ValidationError
from ductape.resources.base import Resource, given, segment, validated
from ductape.sending import TransportT, operation
from ductape.types.names import IDEMPOTENCY_KEY_PATTERN
from ductape.types.runs import Run, RunCreate, RunEvent, run_event

T = TypeVar("T")

RUN_SECONDS = 600.0
"""How long to wait for a run that says nothing about its time itself."""
SLACK_SECONDS = 30.0
"""What a run takes beside its model call; the server ends a run before the client gives it up."""


class Runs(Resource[TransportT]):
    @operation
    def fetch(self, *, run_id: str) -> Call[Run]:
        """Args: run_id: the `execution_id` of a run."""
        url = f"/v1/runs/{segment(run_id)}"
        return Call("GET", url, Run.model_validate, service="runner")


def parse(**fields: Any) -> RunCreate:
    return validated(RunCreate, given(**fields))


def create(run: RunCreate, key: str | None) -> Call[Run]:
    return _post(run, _body(run), key, Run.model_validate)


def stream(run: RunCreate, key: str | None) -> Call[RunEvent]:
    return _post(run, {**_body(run), "stream": True}, key, run_event.validate_python)


def _post(run: RunCreate, fields: dict[str, Any], key: str | None, parse: Callable[[Any], T]) -> Call[T]:
    return Call(
        "POST",
        "/v1/runs",
        parse,
        body=fields,
        service="runner",
        timeout=_patience(run),
        idempotency_key=_usable(key) if key is not None else new_key(),
    )


def _usable(key: str) -> str:
    if re.fullmatch(IDEMPOTENCY_KEY_PATTERN, key):
        return key
    raise ValidationError("idempotency_key: 1 to 255 printable characters of ASCII, no spaces", param="idempotency_key")


def _body(run: RunCreate) -> dict[str, Any]:
    return run.model_dump(mode="json", exclude_unset=True, by_alias=True)


def _patience(run: RunCreate) -> float:
    own = run.overrides.timeout
    return (RUN_SECONDS if own is None else own / 1000) + SLACK_SECONDS
