from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ductape.types.agents import AgentDefine
from ductape.types.tools import MAX_SCHEMA_DEPTH, Tool

AS_THE_ORIGINAL = {
    "city": {"type": "string", "description": "Where", "required": True},
    "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
    "stops": {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "number", "required": True}}}},
}
AS_JSON_SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where"},
        "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
        "stops": {
            "type": "array",
            "items": {"type": "object", "properties": {"at": {"type": "number"}}, "required": ["at"]},
        },
    },
    "required": ["city"],
}


def tool(**fields: Any) -> Tool:
    return Tool.model_validate({"tag": "weather", "description": "Tells the weather", **fields})


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return {"type": "object", "properties": {"deep": schema}}


def test_both_ways_to_write_parameters_are_one() -> None:
    assert tool(parameters=AS_THE_ORIGINAL).parameters == AS_JSON_SCHEMA
    assert tool(parameters=AS_JSON_SCHEMA).parameters == AS_JSON_SCHEMA


def test_a_parameter_may_be_called_type() -> None:
    schema = tool(parameters={"type": {"type": "string"}}).parameters
    assert schema == {"type": "object", "properties": {"type": {"type": "string"}}}


def test_a_reference_within_the_schema_is_one() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "string"}}}
    assert tool(parameters=schema).parameters == schema


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"parameters": {"city": {"type": "text"}}}, "parameters.city.type"),
        ({"parameters": {"city": {"type": "string", "requierd": True}}}, "parameters.city.requierd"),
        ({"parameters": {"a b": {"type": "string"}}}, "parameters.a b.[key]"),
        ({"parameters": {"type": "array"}}, "parameters"),
        ({"parameters": {"type": "object", "properties": {"a": {"$ref": "https://evil.example/"}}}}, "parameters"),
        ({"parameters": nested(MAX_SCHEMA_DEPTH)}, "parameters"),
        ({"parameters": {"type": "object", "deep": nested(200)}}, "parameters"),
        ({"parameters": []}, "parameters"),
        ({"handler": "print"}, "handler"),
        ({"handler_ref": "database:orders"}, "handler_ref"),
        ({"http": {"url": "https://u:p@tools.example/"}}, "http.url"),
        ({"http": {"url": "https://tools.example/?key=1"}}, "http.url"),
        ({"http": {"url": "file:///etc/passwd"}}, "http.url"),
        ({"http": {"url": "https://tools.example/"}, "handler_ref": "agent:other"}, ""),
        ({"timeout": 0}, "timeout"),
        ({"retries": 11}, "retries"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_a_tool_is_named(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        tool(**fields)
    assert ".".join(map(str, refused.value.errors()[0]["loc"])) == where


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tools": [tool(), tool()]}, "same tag"),
        ({"tools": [tool(handler_ref="agent:helper")]}, "tool of its own"),
        ({"tools": [tool()], "humanInLoop": {"alwaysRequireApproval": ["refund"]}}, "no tool 'refund'"),
    ],
)
def test_the_tools_of_an_agent_fit_together(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        AgentDefine.model_validate({"tag": "helper", "model": "gpt", **fields})
