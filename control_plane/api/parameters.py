"""The parameters of operations, in the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, Field

from control_plane.api.operations import Operation, Query
from control_plane.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from control_plane.api.schemas import schemas_of
from ductape.types.answers import Page
from ductape.types.names import SLUG_PATTERN, TAG_PATTERN

_TAG = {"type": "string", "pattern": TAG_PATTERN}
_ID = {"type": "string", "format": "uuid"}
_PATH: dict[str, tuple[str, dict[str, Any], Any]] = {
    "product": ("Tag of the product.", _TAG, "shop"),
    "slug": ("Slug of the environment.", {"type": "string", "pattern": SLUG_PATTERN}, "dev"),
    "model": ("Tag of the model.", _TAG, "gpt"),
    "agent": ("Tag of the agent.", _TAG, "helper"),
    "number": ("Number of the version.", {"type": "integer", "minimum": 0}, 1),
    "token": ("Id of the access token.", _ID, "0199c7a4-5c00-7000-8000-000000000006"),
    "member": ("Id of the member.", _ID, "0199c7a4-5c00-7000-8000-000000000007"),
    "run_id": (
        "The `execution_id` of the run.",
        _ID,
        "0199c7a4-5c00-7000-8000-000000000005",
    ),
}


class _Paging(Query):
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    """How many at most."""
    cursor: str = ""
    """`next_cursor` of the page before."""


def parameters_of(operation: Operation, *, path: str) -> list[dict[str, Any]]:
    named = [_path_parameter(name) for name in re.findall(r"{(\w+)}", path)]
    asked = _query_parameters(operation.query) if operation.query else []
    paged = _query_parameters(_Paging) if issubclass(operation.answers[0], Page) else []
    return [*named, *asked, *paged, *_header_parameters(operation)]


def _header_parameters(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string"}
    headers = []
    if operation.repeatable:
        what = "Sent again with the same key, the request is done once and answered the same."
        headers.append(_parameter("Idempotency-Key", "header", {**text, "description": what}, required=False))
    if 412 in operation.refuses:
        what = 'The version that is to be changed, such as `"3"`; the `ETag` of an answer.'
        headers.append(_parameter("If-Match", "header", {**text, "description": what}, required=False))
    return headers


def _query_parameters(kind: type[BaseModel]) -> list[dict[str, Any]]:
    shown = schemas_of([kind], [])[kind.__name__]
    return [
        _parameter(name, "query", schema, required=name in shown.get("required", ()))
        for name, schema in shown["properties"].items()
    ]


def _path_parameter(name: str) -> dict[str, Any]:
    description, schema, example = _PATH[name]
    return _parameter(name, "path", {**schema, "description": description, "examples": [example]}, required=True)


def _parameter(name: str, where: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    rest = {key: value for key, value in schema.items() if key not in {"description", "examples"}}
    parameter = {"name": name, "in": where, "required": required, "description": schema["description"], "schema": rest}
    return {**parameter, "example": schema["examples"][0]} if "examples" in schema else parameter
