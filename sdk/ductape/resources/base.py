from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

import pydantic

from ductape.call import Call, Flow
from ductape.errors import ValidationError
from ductape.sending import TransportT
from ductape.settings import ClientSettings
from ductape.types.answers import Deleted as Deleted
from ductape.types.answers import Page
from ductape.types.base import Input, Output

InputT = TypeVar("InputT", bound=Input)
OutputT = TypeVar("OutputT", bound=Output)


class _Sentinel(Enum):
    UNSET = "UNSET"


Unset: TypeAlias = Literal[_Sentinel.UNSET]
UNSET: Final = _Sentinel.UNSET
"""Not given, and so not sent. `None` is given: it is sent as null."""


class Resource(Generic[TransportT]):
    """One noun of the API. Its methods describe calls; the transport sends them."""

    def __init__(self, transport: TransportT, settings: ClientSettings) -> None:
        self._transport = transport
        self._settings = settings


def path(*segments: str) -> str:
    """`/api/v1/` and the segments, each of them a tag, a slug or a fixed word."""
    return "/api/v1/" + "/".join(map(segment, segments))


def segment(text: str) -> str:
    """The text, if it can be one segment of a path.

    Raises:
        ValidationError: it would name another resource than meant, such as an empty one or `..`.
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", text):
        return text
    raise ValidationError(f"{text[:80]!r} is not a tag, slug or id: letters, digits, - and _ only")


def given(**fields: object) -> dict[str, Any]:
    """The arguments that the caller gave."""
    return {name: value for name, value in fields.items() if value is not UNSET}


def validated(kind: type[InputT], fields: object) -> InputT:
    """Raises: ValidationError: says where and why, and never repeats a value, which may be a secret."""
    try:
        return kind.model_validate(fields)
    except pydantic.ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    # Raised out here: as its context the original would carry the input along.
    where = [".".join(map(str, fault["loc"])) for fault in faults]
    what = "; ".join(
        f"{name}: {fault['msg']}" if name else fault["msg"] for name, fault in zip(where, faults, strict=True)
    )
    raise ValidationError(what, param=where[0] or None)


def body(kind: type[Input], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What to send: only what was given, `None` included.

    Raises:
        ValidationError: the fields are not a valid `kind`.
    """
    return validated(kind, fields).model_dump(mode="json", exclude_unset=True, by_alias=True)


def all_pages(url: str, item: type[OutputT], filters: Mapping[str, str] | None = None) -> Flow[list[OutputT]]:
    def parse(data: object) -> tuple[list[OutputT], str | None]:
        page = Page[item].model_validate(data)  # type: ignore[valid-type]  # a type that is known at run time only
        return page.data, page.next_cursor

    items: list[OutputT] = []
    query = dict(filters or {})
    while True:
        found, cursor = yield Call("GET", url, parse, query=query)
        items += found
        if cursor is None:
            return items
        query = {**query, "cursor": cursor}
