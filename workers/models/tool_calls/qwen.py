"""`<tool_call><function=name><parameter=key>value</parameter></function></tool_call>`: Qwen 3 Coder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from ductape.types.messages import ToolDefinition
from workers.models.tool_calls.format import Call, ToolFormat, loads
from workers.models.tool_calls.tools import parameters_of

_FUNCTION = re.compile(r"\s*<function=([^>\n]+)>(.*)</function>\s*", re.DOTALL)
_PARAMETER = re.compile(r"\s*<parameter=([^>\n]+)>(.*?)</parameter>\s*(?=<parameter=|$)", re.DOTALL)


def parse(body: str, tools: Sequence[ToolDefinition]) -> list[Call | str]:
    function = _FUNCTION.fullmatch(body)
    if function is None:
        raise ValueError("no function")
    name, inner = function.groups()
    if _PARAMETER.sub("", inner).strip():
        raise ValueError("something that is no parameter")
    types = _types(name, tools)
    arguments = {key: _value(text, types.get(key)) for key, text in _PARAMETER.findall(inner)}
    return [Call(name, json.dumps(arguments, ensure_ascii=False))]


def _types(name: str, tools: Sequence[ToolDefinition]) -> Mapping[str, JsonValue]:
    properties = parameters_of(name, tools).get("properties")
    named = properties if isinstance(properties, dict) else {}
    return {key: schema.get("type") for key, schema in named.items() if isinstance(schema, dict)}


def _value(text: str, kind: JsonValue) -> JsonValue:
    text = text.removeprefix("\n").removesuffix("\n")
    if kind == "string":
        return text
    try:
        return loads(text)
    except ValueError:
        return text


def _in_parameter(body: str) -> bool:
    return body.rfind("<parameter=") > body.rfind("</parameter>")


FORMAT = ToolFormat(
    signs=("<function=",),
    parse=parse,
    open="<tool_call>",
    close="</tool_call>",
    ends_in_string=_in_parameter,
)
