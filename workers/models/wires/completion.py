from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from ductape.types.runs import FinishReason, TokenUsage
from workers.models.base import ChatChunk, Finished, TextDelta, ThinkingDelta
from workers.models.wires.tool_calls import ToolCallReader

# Servers that call themselves compatible have their own words; an unknown word still says that the answer is whole.
FINISH_REASONS: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "safety": "content_filter",
}
_MAX_LABEL = 200
"""Characters of what a provider calls itself or the request."""


class ProviderFailed(Exception):
    """The provider says so itself, in the middle of its answer."""


class Completion:
    """Makes chunks from OpenAI's chat completion, whole or in pieces: a whole one is a single piece.

    Args:
        request_id: the one of the headers; else the body's is taken.
    """

    def __init__(self, request_id: str = "") -> None:
        self._finish_reason: FinishReason | None = None
        self._usage = TokenUsage()
        self._model = ""
        self._request_id = _label(request_id)
        self._tool_calls = ToolCallReader()
        self._reasoning_details: list[JsonValue] = []

    def read(self, said: dict[str, Any]) -> list[ChatChunk]:
        """
        Raises:
            ProviderFailed: it says that it failed.
            ValueError, TypeError, AttributeError, LookupError: this is not a part of a chat completion.
        """
        if said.get("error"):
            raise ProviderFailed
        self._model = self._model or _label(said.get("model"))
        self._request_id = self._request_id or _label(said.get("id"))
        if usage := said.get("usage"):
            self._usage = _usage(usage)
        choices = said.get("choices")
        if not choices:
            return []
        choice = choices[0]
        chunks = self._delta(choice.get("delta") or choice.get("message") or {})
        self._finish(choice.get("finish_reason"))
        return chunks

    @property
    def whole(self) -> bool:
        return self._finish_reason is not None

    def finished(self) -> Finished | None:
        """`None`: the provider has not said that the answer is whole."""
        if self._finish_reason is None:
            return None
        reason = self._finish_reason
        # Some servers say `stop` after tool calls, too.
        if reason == "stop" and self._tool_calls.called:
            reason = "tool_calls"
        return Finished(reason, self._usage, self._model, self._request_id, tuple(self._reasoning_details))

    def _delta(self, delta: dict[str, Any]) -> list[ChatChunk]:
        chunks: list[ChatChunk] = []
        thinking = delta.get("reasoning_content") or delta.get("reasoning")
        if thinking and isinstance(thinking, str):
            chunks.append(ThinkingDelta(thinking))
        if details := delta.get("reasoning_details"):
            self._reason(details)
        text = delta.get("content")
        if text and isinstance(text, str):
            chunks.append(TextDelta(text))
        if refusal := delta.get("refusal"):
            chunks.append(TextDelta(str(refusal)))
            self._finish("content_filter")
        if calls := delta.get("tool_calls"):
            chunks += self._tool_calls.read(calls)
        return chunks

    def _finish(self, reason: object) -> None:
        if reason == "error":
            raise ProviderFailed
        # A refusal has said why before the provider says `stop`.
        if isinstance(reason, str) and self._finish_reason != "content_filter":
            self._finish_reason = FINISH_REASONS.get(reason, "stop")

    def _reason(self, details: list[dict[str, Any]]) -> None:
        for detail in details:
            last = self._reasoning_details[-1] if self._reasoning_details else None
            if isinstance(last, dict) and _continues(last, detail):
                self._reasoning_details[-1] = _joined(last, detail)
            else:
                self._reasoning_details.append(dict(detail))


def _continues(last: dict[str, JsonValue], detail: dict[str, Any]) -> bool:
    return detail.get("index") is not None and all(last.get(key) == detail.get(key) for key in ("type", "index"))


def _joined(last: dict[str, JsonValue], detail: dict[str, Any]) -> dict[str, JsonValue]:
    added = {key: value for key, value in detail.items() if value is not None}
    for key in ("text", "summary", "data"):
        if isinstance(before := last.get(key), str) and isinstance(after := added.get(key), str):
            added[key] = before + after
    return {**last, **added}


def _usage(said: dict[str, Any]) -> TokenUsage:
    prompt, completion = _count(said.get("prompt_tokens")), _count(said.get("completion_tokens"))
    return TokenUsage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=max(_count(said.get("total_tokens")), prompt + completion),
        cached_tokens=_count((said.get("prompt_tokens_details") or {}).get("cached_tokens")),
        reasoning_tokens=_count((said.get("completion_tokens_details") or {}).get("reasoning_tokens")),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def _label(value: object) -> str:
    return value[:_MAX_LABEL] if isinstance(value, str) and value.isprintable() else ""
