"""The runner's part of the OpenAPI document."""

from __future__ import annotations

from typing import Any, get_args

from control_plane.api.operations import Operation
from control_plane.workspaces.models import Scope
from ductape.types.runs import Run, RunCreate, RunEvent

PATHS = {
    "/v1/runs": {
        "post": Operation(
            "run_create",
            "Run an agent or a model",
            reads=RunCreate,
            answers=(Run,),
            streams=get_args(get_args(RunEvent)[0]),
            refuses=(404, 409),
            scope=Scope.RUN,
            description=(
                "Answers when the run has ended; a run that failed is an answer too, with `status` and `error`. "
                "With `stream` it answers with server-sent events instead, from `run_started` to `run_ended`; "
                "closing the connection stops the run."
            ),
        )
    },
    "/v1/runs/{run_id}": {"get": Operation("run_fetch", "Fetch a run", answers=(Run,))},
}


def add_runner(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing: the runner has no Django URLs that could be walked."""
    return {**result, "paths": {**result["paths"], **{path: dict(item) for path, item in PATHS.items()}}}
