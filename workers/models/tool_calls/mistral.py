"""`[TOOL_CALLS][{"name": ..., "arguments": {...}}]`, or `[TOOL_CALLS]name[ARGS]{...}` with newer tokenizers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ductape.types.messages import ToolDefinition
from workers.models.tool_calls.format import Call, Frame, ToolFormat, calls_in, loads

_OPEN, _ARGUMENTS = "[TOOL_CALLS]", "[ARGS]"


def parse(body: str, tools: Sequence[ToolDefinition]) -> list[Call | str]:
    if body.lstrip().startswith("["):
        values = loads(body)
        assert isinstance(values, list)
        return calls_in(values)
    return list(_named(body))


def _named(body: str) -> Iterator[Call | str]:
    while body.strip():
        name, _, rest = body.removeprefix(_OPEN).partition(_ARGUMENTS)
        try:
            _, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            yield body
            return
        if not name.strip():
            raise ValueError("no name")
        yield Call(name.strip(), rest[:end])
        body = rest[end:].lstrip()


FORMAT = ToolFormat(
    signs=(_OPEN,),
    parse=parse,
    open=_OPEN,
    inner=(_ARGUMENTS,),
    frame=Frame('OPEN "["', '", "', '"]"'),
)
