"""`{"name": ..., "parameters": {...}}`, several with `;` between them, perhaps after `<|python_tag|>`: Llama 3."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import JsonValue

from ductape.types.messages import ToolDefinition
from workers.models.tool_calls.format import Call, Frame, ToolFormat, call_in, calls_in


def parse(body: str, tools: Sequence[ToolDefinition]) -> list[Call | str]:
    values, rest = _values(body)
    call_in(values[0])  # a JSON answer that is no call at all stays as it was written
    return [*calls_in(values), *([rest] if rest else [])]


def _values(body: str) -> tuple[list[JsonValue], str]:
    """The values one after another, and what follows that is none."""
    decoder, values = json.JSONDecoder(), list[JsonValue]()
    rest = body.strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            break
        values.append(value)
        rest = rest[end:].lstrip(" \r\n\t;,")
    if not values:
        raise ValueError("no JSON")
    return values, rest


FORMAT = ToolFormat(
    signs=("<|python_tag|>", '"parameters": dictionary'),
    parse=parse,
    open="<|python_tag|>",
    lead="{",
    frame=Frame(arguments="parameters"),
)
