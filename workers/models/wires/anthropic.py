"""Anthropic's Messages API."""

from __future__ import annotations

from typing import Any

from workers.models.base import ChatCall
from workers.models.wires.anthropic_answer import AnthropicAnswer
from workers.models.wires.codec import CodecWire, Request, openai_params, unsupported, wanted_format
from workers.models.wires.conversation import messages_of, signed

VERSION = "2023-06-01"
JSON_ONLY = "Respond with valid JSON only."
"""Anthropic has no JSON mode without a schema."""
SCHEMA_TOOL = "json_tool_call"
"""How litellm names the tool that stands for a schema where the model has none of its own."""


class AnthropicWire(CodecWire):
    def _request(self, call: ChatCall) -> Request:
        messages, params = messages_of(call, self.provider), _params(call)
        kind, _ = wanted_format(call)
        if kind == "json_object":
            messages.insert(0, {"role": "system", "content": JSON_ONLY})
        if kind != "json_schema":
            params.pop("response_format", None)
        _sign(messages, keep="thinking" in params or "reasoning_effort" in params)
        # Loaded by now; an import at the top would hold up the event loop for seconds.
        from workers.models.wires.litellm_codec import anthropic_request

        body, beta = anthropic_request(self._model_name, messages, params)
        headers = {"anthropic-version": VERSION, **({"anthropic-beta": beta} if beta else {})}
        answer = AnthropicAnswer(SCHEMA_TOOL if kind == "json_schema" else None)
        return Request("messages", body, answer, headers=headers)

    def _key_headers(self, key: str) -> dict[str, str]:
        return {"x-api-key": key}


def _params(call: ChatCall) -> dict[str, Any]:
    params = {**openai_params(call), "stream": call.streamed}
    budget = call.settings.get("thinking_budget")
    if budget and "reasoning_effort" in params:
        raise unsupported("anthropic takes thinking_budget or reasoning_effort, not both; leave one out")
    if budget:
        params["thinking"] = {"type": "enabled", "budget_tokens": budget}
    if (budget or "reasoning_effort" in params) and params.get("temperature", 1) != 1:
        raise unsupported("anthropic takes no temperature but 1 while the model thinks; set temperature to null")
    return params


def _sign(messages: list[dict[str, Any]], keep: bool) -> None:
    """Thinking goes back as it came; a call that does not think must not have any."""
    for message in messages:
        details = signed(message.pop("reasoning_details", ()), "thinking", "redacted_thinking")
        if keep and details:
            message["thinking_blocks"] = details
