"""`<tool_call>{"name": ..., "arguments": {...}}</tool_call>`: Hermes, Qwen 2.5, Qwen 3 and many others."""

from __future__ import annotations

from collections.abc import Sequence

from ductape.types.messages import ToolDefinition
from workers.models.tool_calls.format import Call, Frame, ToolFormat, call_in, calls_in, loads


def parse(body: str, tools: Sequence[ToolDefinition]) -> list[Call | str]:
    value = loads(body)
    return calls_in(value) if isinstance(value, list) else [call_in(value)]


FORMAT = ToolFormat(
    signs=("<tool_call>",),
    parse=parse,
    open="<tool_call>",
    close="</tool_call>",
    frame=Frame('OPEN "\\n"', '"\\n" CLOSE "\\n" OPEN "\\n"', '"\\n" CLOSE'),
)
