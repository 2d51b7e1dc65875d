"""Which answers a call allows, as a grammar in llguidance's Lark."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from workers.models.errors import ModelError
from workers.models.tool_calls.format import Frame, ToolFormat
from workers.models.tool_calls.tools import ToolPlan, parameters_of

TokenOf = Callable[[str], int | None]
"""The token that is just this text, if there is one."""

_STYLE: Mapping[str, JsonValue] = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""As `json.dumps` writes. With white space left free, a model that knows no way on fills its answer with it."""
_ANY_OBJECT: Mapping[str, JsonValue] = {"type": "object"}


def grammar_of(
    plan: ToolPlan, format: ToolFormat | None, response_format: Mapping[str, JsonValue] | None, token_of: TokenOf
) -> str | None:
    """None: anything goes.

    Raises:
        ModelError: `invalid_settings`: the response format is of no known type. `unsupported_tools`: tools and a
            response format do not go together here.
    """
    schema = _schema(response_format)
    if not plan.forced and schema is None:
        return None
    if schema is not None and format is not None and format.frame is None:
        message = "this model cannot be given tools and response_format at once; leave one of them out"
        raise ModelError(message, "unsupported_tools")
    rules, starts = list[str](), list[str]()
    if plan.tools and format and format.frame and (plan.forced or schema is not None):
        starts.append("calls")
        rules += _calls(plan, format, format.frame, token_of)
    if not plan.forced and schema is not None:
        starts.append("answer")
        rules.append(f"answer: %json {_json(schema)}")
    return "\n".join([f"start: {' | '.join(starts)}", *rules])


def _schema(response_format: Mapping[str, JsonValue] | None) -> Mapping[str, JsonValue] | None:
    kind = (response_format or {"type": "text"}).get("type")
    if response_format is None or kind == "text":
        return None
    if kind == "json_object":
        return _ANY_OBJECT
    wrapped = response_format.get("json_schema")
    schema = wrapped.get("schema") if isinstance(wrapped, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        message = "setting response_format: it is {type: json_object} or {type: json_schema, json_schema: {schema}}"
        raise ModelError(message, "invalid_settings")
    return schema


def _calls(plan: ToolPlan, format: ToolFormat, frame: Frame, token_of: TokenOf) -> list[str]:
    names = plan.forced or tuple(_names(plan))
    call = {"anyOf": [_call(name, frame, plan) for name in names]}
    more = f"({frame.between} call)*" if plan.several else ""
    calls = f"calls: {frame.before} call {more} {frame.after}"
    for place, tag in (("OPEN", format.open), ("CLOSE", format.close)):
        calls = calls.replace(place, _tag(tag or "", token_of))
    # What a grammar cannot tell of the arguments is checked against their schema before the tool is called.
    return [calls, f"call: %json {_json(call, lenient=True)}"]


def _names(plan: ToolPlan) -> list[str]:
    functions = [tool["function"] for tool in plan.tools]
    return [str(function["name"]) for function in functions if isinstance(function, dict)]


def _call(name: str, frame: Frame, plan: ToolPlan) -> dict[str, JsonValue]:
    parameters: JsonValue = {**_ANY_OBJECT, **parameters_of(name, plan.tools)}
    return {
        "type": "object",
        "properties": {"name": {"const": name}, frame.arguments: parameters},
        "required": ["name", frame.arguments],
        "additionalProperties": False,
    }


def _tag(tag: str, token_of: TokenOf) -> str:
    token = token_of(tag)
    return json.dumps(tag) if token is None else f"<[{token}]>"


def _json(schema: Mapping[str, object], lenient: bool = False) -> str:
    return json.dumps({**schema, "x-guidance": {**_STYLE, "lenient": lenient}})
