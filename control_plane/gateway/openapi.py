"""The runner's part of the OpenAPI document."""

from __future__ import annotations

from typing import Any, get_args

from control_plane.api.operations import Operation
from control_plane.workspaces.models import Scope
from ductape.types.keys import KeyVerify, KeyVersion, ModelTest, ModelTested
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
    "/v1/models/test": {
        "post": Operation(
            "model_test",
            "Ask a model's provider whether it would answer",
            reads=ModelTest,
            answers=(ModelTested,),
            refuses=(404, 409, 429),
            scope=Scope.RUN,
            description=(
                "With the active key or the version that is named. It costs a list or one token. "
                "What the provider says is an answer too, with `ok` and `code`."
            ),
        )
    },
    "/v1/models/verify-key": {
        "post": Operation(
            "model_key_verify",
            "Have the provider accept a pending key",
            reads=KeyVerify,
            answers=(KeyVersion,),
            refuses=(404, 409, 429),
            scope=Scope.WRITE,
            description=(
                "The key is active from then on and the one before it retires. One that the provider refuses is "
                "rejected: 422 `key_rejected`. If the provider does not say, it stays pending: 503 `key_unverified`."
            ),
        )
    },
    "/v1/runs/{run_id}": {"get": Operation("run_fetch", "Fetch a run", answers=(Run,))},
}


def add_runner(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing: the runner has no Django URLs that could be walked."""
    return {**result, "paths": {**result["paths"], **{path: dict(item) for path, item in PATHS.items()}}}
