"""Cohere's chat API, version 2.

Near enough to OpenAI's to be written here: litellm's translation leaves out tool_choice and response_format, and does
not see tool calls, usage or the end in a stream.
"""

from __future__ import annotations

from typing import Any

from workers.models.base import ChatCall
from workers.models.wires.codec import CodecWire, Request, refuse_serial_tool_calls, unsupported, wanted_format
from workers.models.wires.cohere_answer import TOOL_PLAN, CohereAnswer
from workers.models.wires.conversation import messages_of, signed, tools_of

_NAMES = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "top_p": "p",
    "stop_sequences": "stop_sequences",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
}
_TOOL_CHOICES = {"required": "REQUIRED", "none": "NONE"}


class CohereWire(CodecWire):
    def _request(self, call: ChatCall) -> Request:
        refuse_serial_tool_calls(call, self.provider)
        body = {
            "model": self._model_name,
            "messages": [_planned(message) for message in messages_of(call, self.provider)],
            "stream": call.streamed,
            **{_NAMES[name]: value for name, value in call.settings.items() if name in _NAMES},
            **_thinking(call.settings.get("thinking_budget")),
            **_response_format(call),
            **_tools(call),
        }
        return Request("chat", body, CohereAnswer())

    def _key_headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}


def _planned(message: dict[str, Any]) -> dict[str, Any]:
    details = signed(message.pop("reasoning_details", ()), TOOL_PLAN, text="tool_plan")
    plans = [detail["tool_plan"] for detail in details]
    said = {name: value for name, value in message.items() if value is not None}
    return {**said, "tool_plan": "".join(plans)} if plans else said


def _thinking(budget: Any) -> dict[str, Any]:
    if budget is None:
        return {}
    return {"thinking": {"type": "enabled", "token_budget": budget} if budget else {"type": "disabled"}}


def _response_format(call: ChatCall) -> dict[str, Any]:
    kind, schema = wanted_format(call)
    if kind == "text":
        return {}
    return {"response_format": {"type": "json_object", **({"json_schema": schema} if schema else {})}}


def _tools(call: ChatCall) -> dict[str, Any]:
    if not call.tools:
        return {}
    asked = {"tools": tools_of(call)}
    if call.tool_choice in (None, "auto"):
        return asked
    if not isinstance(call.tool_choice, str) or call.tool_choice not in _TOOL_CHOICES:
        raise unsupported("cohere cannot be made to call one tool by name; use tool_choice required")
    return {**asked, "tool_choice": _TOOL_CHOICES[call.tool_choice]}
