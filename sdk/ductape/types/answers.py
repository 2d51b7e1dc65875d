"""Answers that are not about one noun."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from ductape.types.base import Output

ItemT = TypeVar("ItemT")


class Page(Output, Generic[ItemT]):
    """One page of a list."""

    data: list[ItemT]
    next_cursor: str | None = None
    """Pass it on as `cursor` to get the next page; null on the last one."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{params[0].__name__}Page"


class Deleted(Output):
    deleted: bool
    tag: str
    """Tag or slug of what is gone."""


class Service(Output):
    """What a client needs to know before it has a token."""

    service: str
    version: str
    """Of the API."""
    runner_url: str | None = None
    """Where /v1 is; null where it is under this very address."""


class ErrorDetail(Output):
    code: str
    """Machine-readable, snake_case."""
    message: str
    """One sentence for people, with the next step."""
    param: str | None = None
    """The argument at fault, as a dotted path."""
    request_id: str
    """What to quote to the operator; also the header X-Request-Id."""
    retryable: bool
    """The same request may succeed later."""


class ErrorAnswer(Output):
    """Every answer that is not a success."""

    error: ErrorDetail
