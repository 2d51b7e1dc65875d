"""Answers of Anthropic's Messages API.

Read here and not by litellm, which forgets what kind of error a stream reports and calls an answer without a
`stop_reason` stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from ductape.types.runs import FinishReason
from workers.models.base import ChatChunk, TextDelta, ToolCallDelta
from workers.models.wires.codec_answer import CodecAnswer, text_delta, thinking_delta, tokens, usage

FINISH_REASONS: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""`end_turn`, `stop_sequence` and words not known yet say that the answer is whole: `stop`."""


class AnthropicAnswer(CodecAnswer):
    """
    Args:
        schema_tool: the tool whose arguments are the answer: how models without schemas of their own are given one.
    """

    provider = "anthropic"

    def __init__(self, schema_tool: str | None = None) -> None:
        super().__init__()
        self._schema_tool = schema_tool
        self._calls = -1
        self._block: dict[str, Any] = {}
        self._counts: dict[str, Any] = {}
        self._readers: dict[str, Callable[[dict[str, Any]], Iterator[ChatChunk]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "error": self._error,
        }

    def event(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        reader = self._readers.get(said["type"])
        return reader(said) if reader else iter(())

    def whole(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        if said["type"] == "error":
            yield from self._error(said)
        yield from self._message_start({"message": said})
        for block in said["content"]:
            yield from self._block_start({"content_block": block})
            yield from self._block_stop({})
        yield from self._message_delta({"delta": said})

    def _message_start(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        message = said["message"]
        self.model, self.request_id = str(message.get("model") or ""), str(message.get("id") or "")
        self._count(message.get("usage"))
        yield from ()

    def _block_start(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        self._block = block = dict(said["content_block"])
        if block["type"] == "text":
            yield from text_delta(block.get("text"))
        elif block["type"] == "thinking":
            yield from thinking_delta(block.get("thinking"))
        elif block["type"] == "tool_use":
            yield from self._tool_start(block)

    def _tool_start(self, block: dict[str, Any]) -> Iterator[ChatChunk]:
        if block["name"] != self._schema_tool:
            self._calls += 1
            yield ToolCallDelta(self._calls, str(block["id"]), str(block["name"]))
        if block.get("input"):
            yield self._arguments(orjson.dumps(block["input"]).decode())

    def _block_delta(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        delta = said["delta"]
        if delta["type"] == "text_delta":
            yield from text_delta(delta["text"])
        elif delta["type"] == "thinking_delta":
            self._block["thinking"] = self._block.get("thinking", "") + delta["thinking"]
            yield from thinking_delta(delta["thinking"])
        elif delta["type"] == "signature_delta":
            self._block["signature"] = self._block.get("signature", "") + delta["signature"]
        elif delta["type"] == "input_json_delta" and delta["partial_json"]:
            yield self._arguments(str(delta["partial_json"]))

    def _arguments(self, text: str) -> ChatChunk:
        self._block["written"] = True
        is_answer = self._block["name"] == self._schema_tool
        return TextDelta(text) if is_answer else ToolCallDelta(self._calls, arguments=text)

    def _block_stop(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        block, self._block = self._block, {}
        if block.get("type") in {"thinking", "redacted_thinking"}:
            self.details.append(block)
        if block.get("type") == "tool_use" and not block.get("written") and block["name"] != self._schema_tool:
            yield ToolCallDelta(self._calls, arguments="{}")

    def _message_delta(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        reason = said["delta"].get("stop_reason")
        if isinstance(reason, str):
            self.finish_reason = FINISH_REASONS.get(reason, "stop")
        if self.finish_reason == "tool_calls" and self._calls < 0:
            self.finish_reason = "stop"
        self._count(said.get("usage"))
        yield from ()

    def _message_stop(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        self.done = True
        yield from ()

    def _error(self, said: dict[str, Any]) -> Iterator[ChatChunk]:
        raise self.reported(said)

    def _count(self, said: dict[str, Any] | None) -> None:
        """Later counts replace earlier ones; what they leave out stays."""
        self._counts.update({name: value for name, value in (said or {}).items() if value is not None})
        prompt = tokens(self._counts, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        details = self._counts.get("output_tokens_details")
        thought = tokens(details, "thinking_tokens") if isinstance(details, dict) else 0
        cached = tokens(self._counts, "cache_read_input_tokens")
        self.usage = usage(prompt, tokens(self._counts, "output_tokens"), cached, thought)
