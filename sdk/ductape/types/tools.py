from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, TypeAdapter, model_validator

from ductape.types.base import Input
from ductape.types.names import Description, Name, Tag

MAX_SCHEMA_DEPTH = 32
"""Objects and lists inside one another: what a validator follows without running out of stack."""
_ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
PublicUrl = Annotated[
    str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[\x21\x24-\x3e\x41-\x7e]*)?$", max_length=2000)
]
"""Without user, query and fragment: they hold credentials, and addresses are shown. Whether it may be dialled is judged
when it is dialled."""


class ToolParameter(Input):
    """One parameter, as the original's pages write it.

    Source: notes on the original, Tools.
    """

    type: Literal["string", "number", "integer", "boolean", "array", "object"]
    description: Description | None = None
    required: bool = False
    enum: list[JsonValue] | None = Field(default=None, min_length=1)
    default: JsonValue = None
    items: ToolParameter | None = None
    properties: dict[_ParameterName, ToolParameter] | None = None

    def schema_of(self) -> dict[str, Any]:
        """As JSON Schema, which has `required` in the object above."""
        said: dict[str, Any] = self.model_dump(mode="json", exclude_unset=True, exclude={"required"})
        if self.items is not None:
            said["items"] = self.items.schema_of()
        return {**said, **_object_schema(self.properties)} if self.properties is not None else said


_parameters = TypeAdapter(dict[_ParameterName, ToolParameter])


def _object_schema(parameters: dict[str, ToolParameter]) -> dict[str, Any]:
    required = [name for name, parameter in parameters.items() if parameter.required]
    properties = {name: parameter.schema_of() for name, parameter in parameters.items()}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _as_schema(given: object) -> object:
    """Either way of writing parameters, as JSON Schema: the one in which they are kept and shown."""
    if not isinstance(given, dict):
        return given
    _refuse_what_cannot_be_followed(given)
    # A parameter that is called `type` is an object; the type of a schema is a word.
    if isinstance(given.get("type"), str):
        if given["type"] != "object":
            raise ValueError("a tool's parameters are one object: `type` must be 'object'")
        return given
    return _object_schema(_parameters.validate_python(given))


def _refuse_what_cannot_be_followed(schema: dict[str, Any]) -> None:
    for depth, value in _within(schema):
        if depth > MAX_SCHEMA_DEPTH:
            raise ValueError(f"nested deeper than {MAX_SCHEMA_DEPTH} levels")
        reference = value.get("$ref") if isinstance(value, dict) else None
        if isinstance(reference, str) and not reference.startswith("#"):
            raise ValueError("`$ref` may only refer to the same schema: start it with #")


def _within(value: object) -> Iterator[tuple[int, Any]]:
    """Every value with its depth, without recursion: the depth is not yet known to be bounded."""
    waiting: list[tuple[int, Any]] = [(0, value)]
    while waiting:
        depth, found = waiting.pop()
        yield depth, found
        if depth <= MAX_SCHEMA_DEPTH and isinstance(found, dict | list):
            inner = found.values() if isinstance(found, dict) else found
            waiting += [(depth + 1, each) for each in inner]


class HttpTool(Input):
    """Where a tool is served. Calls are signed and go through the egress guard."""

    url: PublicUrl
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"


class Tool(Input):
    """What an agent may call. With neither `http` nor `handler_ref` the caller's own process handles it.

    Source: notes on the original, Tools; `http` is ours.
    """

    tag: Tag
    """What the model calls it by."""
    name: Name | None = None
    description: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    """What it does, for the model to choose by."""
    parameters: Annotated[dict[str, JsonValue], BeforeValidator(_as_schema)] = {}
    """`{"city": {"type": "string", "required": true}}`, or JSON Schema of type object. Kept as JSON Schema."""
    http: HttpTool | None = None
    handler_ref: Annotated[str, StringConstraints(pattern=r"^agent:[a-z0-9][a-z0-9_-]{0,62}$")] | None = None
    """`agent:<tag>`: another agent of the product answers."""
    requires_confirmation: bool = False
    """A person approves each call."""
    timeout: int = Field(default=30_000, ge=1, le=3_600_000)
    """Milliseconds for one attempt."""
    retries: int = Field(default=0, ge=0, le=10)

    @model_validator(mode="after")
    def _one_handler(self) -> Self:
        if self.http is not None and self.handler_ref is not None:
            raise ValueError("give `http` or `handler_ref`, not both")
        return self
