"""What an operation takes and gives, said once: by the signature of the method of its view.

The view reads and answers by it and the OpenAPI document shows it, so neither can say what the other does not do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import getdoc
from typing import Any, get_type_hints

from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    """`noun_verb`, unique in the API."""
    summary: str
    answers: type[BaseModel]
    reads: type[BaseModel] | None = None
    streams: tuple[type[BaseModel], ...] = ()
    """The events that it answers with instead, when the body asks for a stream."""
    status: int = 200
    refuses: tuple[int, ...] = ()
    """Statuses of errors beside those that follow from the rest."""
    scope: str | None = None
    """What the caller's token needs; unless said, what the method implies."""
    public: bool = False
    """Needs no token."""
    description: str = ""

    @property
    def noun(self) -> str:
        return self.id.rpartition("_")[0].replace("_", " ")


def operation(
    id: str, summary: str, *, status: int = 200, refuses: tuple[int, ...] = (), public: bool = False
) -> Callable[[Callable[..., BaseModel]], Callable[..., Response]]:
    """Make a method of a view an operation.

    The method takes the parts of the path by name and, as `wanted`, the body: the type of `wanted` validates it.
    What it returns is the answer. Its docstring is the operation's description.
    """

    def declare(method: Callable[..., BaseModel]) -> Callable[..., Response]:
        hints = get_type_hints(method)
        reads = hints.get("wanted")

        @wraps(method)
        def handle(view: Any, request: Request, **named: Any) -> Response:
            if reads is not None:
                named["wanted"] = view.read(reads)
            return Response(method(view, **named).model_dump(mode="json", by_alias=True), status=status)

        handle.operation = Operation(  # type: ignore[attr-defined]  # a function may carry attributes
            id,
            summary,
            answers=hints["return"],
            reads=reads,
            status=status,
            refuses=refuses,
            public=public,
            description=getdoc(method) or "",
        )
        return handle

    return declare
