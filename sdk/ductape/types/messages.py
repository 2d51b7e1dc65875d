from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import JsonValue

from ductape.types.base import Output

ChatMessage: TypeAlias = dict[str, JsonValue]
"""One message in the shape of OpenAI's chat completions: `role`, `content` as text or parts, `tool_calls`, ..."""

ToolDefinition: TypeAlias = dict[str, JsonValue]
"""A tool in the shape of OpenAI's chat completions: `type` "function", `function` {name, description, parameters}."""

ToolChoice: TypeAlias = str | dict[str, JsonValue]
"""auto, none, required, the name of a tool, or OpenAI's object that names one."""


class CalledFunction(Output):
    name: str
    arguments: str
    """JSON, as the model wrote it: nobody has looked at it yet."""


class ToolCall(Output):
    """A model's wish to have a tool called."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction
