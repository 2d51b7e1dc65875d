from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from ductape.types.messages import ToolDefinition

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: str
    """JSON."""


Parse: TypeAlias = Callable[[str, Sequence[ToolDefinition]], list[Call | str]]
"""From what stands between the tags: the calls, and as text what should be one and is none. ValueError: all of it."""


def ends_in_string(body: str) -> bool:
    """Whether JSON breaks off inside a string, where an end tag is a letter among others."""
    return '"' in _STRING.sub("", body)


@dataclass(frozen=True, slots=True)
class Frame:
    """Lark, with OPEN and CLOSE for the tags of the format."""

    before: str = ""
    between: str = '"; "'
    after: str = ""
    arguments: str = "arguments"
    """What the arguments are called."""


@dataclass(frozen=True, slots=True)
class ToolFormat:
    """How one family of models writes tool calls."""

    signs: tuple[str, ...]
    """What the chat templates of these models have in them."""
    parse: Parse
    open: str | None = None
    close: str | None = None
    """None: a block of calls ends with the answer."""
    inner: tuple[str, ...] = ()
    """Tags within a block."""
    lead: str | None = None
    """An answer that begins with this may be a block of calls without a tag."""
    ends_in_string: Callable[[str], bool] = ends_in_string
    frame: Frame | None = None
    """How calls are written when they are forced; none where their arguments cannot be told by a JSON schema."""


def loads(text: str) -> JsonValue:
    """Raises: ValueError: not JSON; `NaN` and its like are none."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None
    return value


def call_in(value: JsonValue) -> Call:
    """Raises: ValueError: the value has no name, or arguments that are none."""
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(name, str) or not name:
        raise ValueError("no name")
    return Call(name, _arguments(value.get("arguments", value.get("parameters"))))


def calls_in(values: Sequence[JsonValue]) -> list[Call | str]:
    return [_call_or_text(value) for value in values]


def _call_or_text(value: JsonValue) -> Call | str:
    try:
        return call_in(value)
    except ValueError:
        return json.dumps(value, ensure_ascii=False)


def _arguments(value: JsonValue) -> str:
    if isinstance(value, str):
        loads(value)
        return value
    return json.dumps({} if value is None else value, ensure_ascii=False)


def _refuse(constant: str) -> None:
    raise ValueError(constant)
