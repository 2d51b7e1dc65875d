"""The parameters of operations, in the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

from control_plane.api.operations import Operation
from control_plane.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from ductape.types.answers import Page
from ductape.types.names import SLUG_PATTERN, TAG_PATTERN

_TAG = {"type": "string", "pattern": TAG_PATTERN}
_PATH = {
    "product": ("Tag of the product.", _TAG, "shop"),
    "slug": ("Slug of the environment.", {"type": "string", "pattern": SLUG_PATTERN}, "dev"),
    "model": ("Tag of the model.", _TAG, "gpt"),
    "agent": ("Tag of the agent.", _TAG, "helper"),
    "run_id": (
        "The `execution_id` of the run.",
        {"type": "string", "format": "uuid"},
        "0199c7a4-5c00-7000-8000-000000000005",
    ),
}
_PAGE = [
    {
        "name": "limit",
        "in": "query",
        "description": "How many at most.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    },
    {
        "name": "cursor",
        "in": "query",
        "description": "`next_cursor` of the page before.",
        "schema": {"type": "string"},
    },
]


def parameters_of(operation: Operation, *, path: str) -> list[dict[str, Any]]:
    named = [_path_parameter(name) for name in re.findall(r"{(\w+)}", path)]
    return [*named, *_PAGE] if issubclass(operation.answers, Page) else named


def _path_parameter(name: str) -> dict[str, Any]:
    description, schema, example = _PATH[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }
