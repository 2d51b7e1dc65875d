"""The API's description of itself. drf-spectacular walks the URLs; `Operation`s say what is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from pydantic import BaseModel

from control_plane.api.authentication import scope_for
from control_plane.api.examples import example_of
from control_plane.api.operations import Operation
from control_plane.api.parameters import parameters_of
from control_plane.api.refusals import REQUEST_ID, refusal_components, refusals_of
from control_plane.api.request_id import HEADER
from control_plane.api.schemas import reference, schemas_of
from ductape.types.answers import ErrorAnswer

_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "dts_...",
    "description": "An access token of one workspace. What each operation lists is the scope that it needs.",
}


class OperationSchema(AutoSchema):
    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        """The `Operation` of the view's method; `describe` puts it into OpenAPI's words, once all are known."""
        operation: Operation = getattr(self.view, method.lower()).operation
        return replace(operation.about(getattr(self.view, "noun", "")), scope=getattr(self.view, "needs", None))


def document(runner_url: str | None = None) -> dict[str, Any]:
    """Args: runner_url: where /v1 is; unless given, under the same address."""
    generator: Any = SchemaGenerator
    described: dict[str, Any] = generator().get_schema(public=True)
    for path, item in described["paths"].items():
        if path.startswith("/v1/"):
            item["servers"] = [{"url": runner_url or "/", "description": "The runner"}]
    return described


def describe(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing, the last one: every `Operation` in OpenAPI's words, and the components that they refer to."""
    operations = [operation for item in result["paths"].values() for operation in item.values()]
    for path, item in result["paths"].items():
        for method, operation in item.items():
            item[method] = _described(operation, method=method, path=path)
    result["components"] = {
        "schemas": schemas_of(_kinds_read(operations), _kinds_answered(operations)),
        "responses": refusal_components(),
        "headers": {"RequestId": REQUEST_ID},
        "securitySchemes": {"accessToken": _TOKEN},
    }
    return result


def _kinds_read(operations: Iterable[Operation]) -> list[Any]:
    return list(dict.fromkeys(each.reads for each in operations if each.reads))


def _kinds_answered(operations: Iterable[Operation]) -> list[Any]:
    answered = [kind for each in operations for kind in (*each.answers, *each.streams)]
    return list(dict.fromkeys([*answered, ErrorAnswer]))


def _described(operation: Operation, *, method: str, path: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.subject],
        "summary": operation.summary,
        "description": operation.description,
        "security": [] if operation.public else [{"accessToken": _scopes(operation, method)}],
        "parameters": parameters_of(operation, path=path),
    }
    if operation.reads is not None:
        required = any(field.is_required() for field in operation.reads.model_fields.values())
        described["requestBody"] = {"required": required, "content": {"application/json": _media((operation.reads,))}}
    described["responses"] = {str(operation.status): _success(operation), **refusals_of(operation, path=path)}
    return described


def _scopes(operation: Operation, method: str) -> list[str]:
    return [] if operation.any_token else [str(operation.scope or scope_for(method.upper()))]


def _success(operation: Operation) -> dict[str, Any]:
    content = {"application/json": _media(operation.answers)}
    if operation.streams:
        content["text/event-stream"] = {
            "schema": {
                "description": "The `data` of each server-sent event, when the body says `stream`.",
                "oneOf": [reference(kind) for kind in operation.streams],
                "discriminator": {"propertyName": "type"},
            }
        }
    return {
        "description": "Done." if operation.status == 200 else "Created.",
        "headers": {HEADER: {"$ref": "#/components/headers/RequestId"}},
        "content": content,
    }


def _media(kinds: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    references = [reference(kind) for kind in kinds]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    return {"schema": schema, "example": example_of(kinds[0])}
