"""What an operation takes and gives, said once: by the signature of the method of its view.

The view reads and answers by it and the OpenAPI document shows it, so neither can say what the other does not do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from inspect import getdoc
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response


class Query(BaseModel):
    """Base of what stands behind the `?`: a subclass has one field a parameter."""

    model_config = ConfigDict(hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    """`noun_verb`, unique in the API."""
    summary: str
    answers: tuple[type[BaseModel], ...]
    """More than one: it depends on the body which."""
    reads: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    streams: tuple[type[BaseModel], ...] = ()
    """The events that it answers with instead, when the body asks for a stream."""
    status: int = 200
    refuses: tuple[int, ...] = ()
    """Statuses of errors beside those that follow from the rest."""
    scope: str | None = None
    """What the caller's token needs; unless said, what the method implies."""
    public: bool = False
    """Needs no token."""
    any_token: bool = False
    """Needs a token, whatever its scopes."""
    repeatable: bool = False
    """Takes an `Idempotency-Key`."""
    description: str = ""

    @property
    def subject(self) -> str:
        return self.id.rpartition("_")[0].replace("_", " ")

    def about(self, noun: str) -> Operation:
        """The operation of a view that several nouns share."""
        return replace(self, id=self.id.format(noun=noun), summary=self.summary.format(noun=noun))


def operation(
    id: str,
    summary: str,
    *,
    status: int = 200,
    refuses: tuple[int, ...] = (),
    public: bool = False,
    any_token: bool = False,
) -> Callable[[Callable[..., BaseModel]], Callable[..., Response]]:
    """Make a method of a view an operation.

    The method takes the parts of the path by name, the body as `wanted` and the parameters behind the `?` as `query`;
    the types of these two validate. What it returns is the answer. Its docstring is the operation's description.
    """

    def declare(method: Callable[..., BaseModel]) -> Callable[..., Response]:
        hints = get_type_hints(method)
        reads, query = hints.get("wanted"), hints.get("query")

        @wraps(method)
        def handle(view: Any, request: Request, **named: Any) -> Response:
            if reads is not None:
                named["wanted"] = view.read(reads)
            if query is not None:
                named["query"] = view.filters(query)
            return respond(method(view, **named).model_dump(mode="json", by_alias=True), status)

        handle.operation = Operation(  # type: ignore[attr-defined]  # a function may carry attributes
            id,
            summary,
            answers=_alternatives(hints["return"]),
            reads=reads,
            query=query,
            status=status,
            refuses=refuses,
            public=public,
            any_token=any_token,
            description=getdoc(method) or "",
        )
        return handle

    return declare


def respond(fields: dict[str, Any], status: int) -> Response:
    """What has versions names its own as the ETag, for `If-Match`."""
    version = fields.get("version")
    return Response(fields, status=status, headers={"ETag": f'"{version}"'} if isinstance(version, int) else None)


def _alternatives(hint: Any) -> tuple[type[BaseModel], ...]:
    # A parametrised Page is a class of its own and has no arguments for `typing`.
    return get_args(hint) or (hint,)
