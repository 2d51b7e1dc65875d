"""Answers of the Gemini API. A stream is a row of answers of the same shape.

Read here and not by litellm, which takes 0.2 ms a chunk, and hides thought signatures in the ids of tool calls.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from ductape.types.runs import FinishReason
from workers.models.base import ChatChunk, ToolCallDelta
from workers.models.meanings import failure
from workers.models.wires.codec_answer import CodecAnswer, text_delta, thinking_delta, tokens, usage

SIGNATURE = "google.thought_signature"
FINISH_REASONS: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
}
"""Every other reason (`MALFORMED_FUNCTION_CALL`, `OTHER`, ...) means that there is no whole answer."""


class GoogleAnswer(CodecAnswer):
    provider = "google"

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    def whole(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        return self.event(said)

    def event(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        if "error" in said:
            raise self.reported(said)
        self.model = str(said.get("modelVersion") or self.model)
        self.request_id = str(said.get("responseId") or self.request_id)
        self._count(said.get("usageMetadata"))
        for candidate in (said.get("candidates") or [])[:1]:
            for part in (candidate.get("content") or {}).get("parts") or []:
                yield from self._part(part)
            self._finish(candidate.get("finishReason"))
        if (said.get("promptFeedback") or {}).get("blockReason"):
            self.finish_reason, self.done = "content_filter", True

    def _part(self, part: dict[str, Any]) -> Iterator[ChatChunk]:
        signed: dict[str, Any] = {}
        if "functionCall" in part:
            call = part["functionCall"]
            # Models before 3.5 give their calls no id.
            signed["tool_call_id"] = call_id = str(call.get("id") or f"call_{uuid.uuid4().hex}")
            arguments = orjson.dumps(call.get("args") or {}).decode()
            yield ToolCallDelta(self._calls, call_id, str(call["name"]), arguments)
            self._calls += 1
        else:
            yield from thinking_delta(part.get("text")) if part.get("thought") else text_delta(part.get("text"))
        if isinstance(part.get("thoughtSignature"), str):
            self.details.append({"type": SIGNATURE, "signature": part["thoughtSignature"], **signed})

    def _finish(self, reason: object) -> None:
        if not reason:
            return
        if reason not in FINISH_REASONS:
            raise failure("provider_error", self.provider)
        meant = FINISH_REASONS[str(reason)]
        self.finish_reason = "tool_calls" if meant == "stop" and self._calls else meant
        self.done = True

    def _count(self, said: dict[str, Any] | None) -> None:
        if said:
            prompt = tokens(said, "promptTokenCount", "toolUsePromptTokenCount")
            thought = tokens(said, "thoughtsTokenCount")
            completion = tokens(said, "candidatesTokenCount") + thought
            self.usage = usage(prompt, completion, tokens(said, "cachedContentTokenCount"), thought)
