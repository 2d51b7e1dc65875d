"""Answers of Cohere's chat API, version 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ductape.types.runs import FinishReason
from workers.models.base import ChatChunk, ToolCallDelta
from workers.models.meanings import failure
from workers.models.wires.codec_answer import CodecAnswer, text_delta, thinking_delta, tokens, usage

TOOL_PLAN = "cohere.tool_plan"
FINISH_REASONS: dict[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
}
"""Every other reason (`ERROR`, `TIMEOUT`, ...) means that there is no whole answer."""


class CohereAnswer(CodecAnswer):
    provider = "cohere"

    def __init__(self) -> None:
        super().__init__()
        self._calls = -1
        self._plan = ""
        self._readers: dict[str, Callable[[dict[str, Any]], Iterator[ChatChunk]]] = {
            "message-start": self._message_start,
            "content-start": self._content,
            "content-delta": self._content,
            "tool-plan-delta": self._tool_plan,
            "tool-call-start": self._tool_call_start,
            "tool-call-delta": self._tool_call_delta,
            "message-end": self._message_end,
        }

    def event(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        reader = self._readers.get(said["type"])
        return reader(said) if reader else iter(())

    def whole(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        yield from self._message_start(said)
        message = said["message"]
        yield from self._tool_plan({"delta": {"message": message}})
        for content in message.get("content") or []:
            yield from self._content({"delta": {"message": {"content": content}}})
        for call in message.get("tool_calls") or []:
            yield from self._tool_call_start({"delta": {"message": {"tool_calls": call}}})
        yield from self._message_end({"delta": said})

    def _message_start(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        self.request_id = str(said.get("id") or "")
        yield from ()

    def _content(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        content = said["delta"]["message"]["content"]
        yield from thinking_delta(content.get("thinking"))
        yield from text_delta(content.get("text"))

    def _tool_plan(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        plan = said["delta"]["message"].get("tool_plan")
        if isinstance(plan, str):
            self._plan += plan
        yield from thinking_delta(plan)

    def _tool_call_start(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        call = said["delta"]["message"]["tool_calls"]
        self._calls += 1
        yield ToolCallDelta(
            self._calls, str(call["id"]), str(call["function"]["name"]), str(call["function"].get("arguments") or "")
        )

    def _tool_call_delta(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        arguments = said["delta"]["message"]["tool_calls"]["function"]["arguments"]
        yield ToolCallDelta(self._calls, arguments=str(arguments))

    def _message_end(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        delta = said["delta"]
        if delta["finish_reason"] not in FINISH_REASONS:
            raise failure("provider_error", self.provider)
        self.finish_reason, self.done = FINISH_REASONS[delta["finish_reason"]], True
        if self._plan:
            self.details.append({"type": TOOL_PLAN, "tool_plan": self._plan})
        said_usage = delta.get("usage") or {}
        counts = said_usage.get("tokens") or {}
        cached = tokens(said_usage, "cached_tokens")
        self.usage = usage(tokens(counts, "input_tokens"), tokens(counts, "output_tokens"), cached, 0)
        yield from ()
