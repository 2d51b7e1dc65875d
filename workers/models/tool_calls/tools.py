from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from ductape.types.messages import ToolChoice, ToolDefinition
from workers.models.errors import ModelError


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """What a call may do with its tools."""

    tools: tuple[ToolDefinition, ...] = ()
    """What the model is shown."""
    forced: tuple[str, ...] = ()
    """It must call one of these; empty: it decides itself."""
    several: bool = True
    """It may call more than one at once."""


def plan_tools(tools: Sequence[ToolDefinition], choice: ToolChoice | None, parallel: bool | None) -> ToolPlan:
    """
    Raises:
        ModelError: `invalid_tools`: a tool has no name, or the choice names none of them.
    """
    names = tuple(name_of(tool) for tool in tools)
    if choice == "none":
        return ToolPlan()
    if choice in (None, "auto"):
        return ToolPlan(tuple(tools), several=parallel is not False)
    if choice == "required" and names:
        return ToolPlan(tuple(tools), names, parallel is not False)
    return ToolPlan(tuple(tools), (_chosen(choice, names),), several=False)


def name_of(tool: ToolDefinition) -> str:
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not name:
        raise ModelError("a tool looks like {type: function, function: {name, parameters}}", "invalid_tools")
    return name


def parameters_of(name: str, tools: Sequence[ToolDefinition]) -> Mapping[str, JsonValue]:
    """The JSON schema of a tool's arguments; empty if the tool is not there or has none."""
    for tool in tools:
        function = tool.get("function")
        if isinstance(function, dict) and function.get("name") == name:
            parameters = function.get("parameters")
            return parameters if isinstance(parameters, dict) else {}
    return {}


def _chosen(choice: ToolChoice | None, names: Sequence[str]) -> str:
    wanted = name_of(choice) if isinstance(choice, dict) else choice
    if wanted not in names:
        raise ModelError("tool_choice is auto, none, required or the name of one of the tools", "invalid_tools")
    return str(wanted)
