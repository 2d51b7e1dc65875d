"""Google's Gemini API."""

from __future__ import annotations

from typing import Any

from workers.models.base import ChatCall
from workers.models.wires.codec import (
    CodecWire,
    Request,
    openai_params,
    refuse_serial_tool_calls,
    unsupported,
    wanted_format,
)
from workers.models.wires.conversation import messages_of, signed
from workers.models.wires.google_answer import SIGNATURE, GoogleAnswer


class GoogleWire(CodecWire):
    def _request(self, call: ChatCall) -> Request:
        refuse_serial_tool_calls(call, self.provider)
        wanted_format(call)
        messages, params = messages_of(call, self.provider), openai_params(call)
        params.pop("parallel_tool_calls", None)
        for message in messages:
            _sign(message)
        # Loaded by now; an import at the top would hold up the event loop for seconds.
        from workers.models.wires.litellm_codec import google_request

        body = google_request(self._model_name, messages, params)
        _configure(body, call)
        path = f"models/{self._model_name.removeprefix('models/')}"
        if not call.streamed:
            return Request(f"{path}:generateContent", body, GoogleAnswer())
        return Request(f"{path}:streamGenerateContent", body, GoogleAnswer(), query={"alt": "sse"})

    def _key_headers(self, key: str) -> dict[str, str]:
        return {"x-goog-api-key": key}


def _configure(body: dict[str, Any], call: ChatCall) -> None:
    config = dict(body.get("generationConfig") or {})
    if "temperature" not in call.settings:
        # litellm sends one that nobody asked for.
        config.pop("temperature", None)
    budget = call.settings.get("thinking_budget")
    if budget is not None:
        if "thinkingConfig" in config:
            raise unsupported("google takes thinking_budget or reasoning_effort, not both; leave one out")
        config["thinkingConfig"] = {"thinkingBudget": budget, "includeThoughts": bool(budget)}
    body["generationConfig"] = config


def _sign(message: dict[str, Any]) -> None:
    """Signatures go back on the parts that they came with: a tool call, or the text."""
    details = signed(message.pop("reasoning_details", ()), SIGNATURE, text="signature")
    by_call = {detail["tool_call_id"]: detail["signature"] for detail in details if "tool_call_id" in detail}
    for call in message.get("tool_calls", ()):
        if call["id"] in by_call:
            call["provider_specific_fields"] = {"thought_signature": by_call[call["id"]]}
    of_text = [detail["signature"] for detail in details if "tool_call_id" not in detail]
    if of_text:
        message["provider_specific_fields"] = {"thought_signatures": of_text}
