"""A call as the JSON of OpenAI's chat completions."""

from __future__ import annotations

from typing import Any

from ductape.types.messages import ToolChoice
from workers.models.base import ChatCall
from workers.models.wires import PROVIDERS, allowed_parameters

_NAMES = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "top_p": "top_p",
    "stop_sequences": "stop",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "reasoning_effort": "reasoning_effort",
    "response_format": "response_format",
}
_CHOICES = frozenset({"auto", "none", "required"})


def chat_body(provider: str, model_name: str, call: ChatCall) -> dict[str, Any]:
    """Raises: ModelError: `unsupported_parameter`."""
    names = {**_NAMES, **PROVIDERS[provider].renamed}
    settings = {names[name]: value for name, value in call.settings.items() if name in names}
    parameters = allowed_parameters(provider, call.settings.get("parameters"))
    return {
        **parameters,
        "model": model_name,
        "messages": call.messages,
        **_streaming(call),
        **settings,
        **_tools(call),
    }


def tool_choice(choice: ToolChoice) -> ToolChoice:
    """OpenAI's form of a choice, which names a tool in an object."""
    if isinstance(choice, str) and choice not in _CHOICES:
        return {"type": "function", "function": {"name": choice}}
    return choice


def _streaming(call: ChatCall) -> dict[str, Any]:
    return {"stream": True, "stream_options": {"include_usage": True}} if call.streamed else {"stream": False}


def _tools(call: ChatCall) -> dict[str, Any]:
    if not call.tools:
        return {}
    said: dict[str, Any] = {"tools": list(call.tools)}
    if call.tool_choice is not None:
        said["tool_choice"] = tool_choice(call.tool_choice)
    if call.parallel_tool_calls is not None:
        said["parallel_tool_calls"] = call.parallel_tool_calls
    return said
