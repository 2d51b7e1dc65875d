from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from ductape.sse import EventDecoder, EventTooLarge
from ductape.types.runs import FinishReason, TokenUsage
from workers.models.base import Finished
from workers.models.errors import ModelAPIError

MAX_BYTES = 16 * 1024 * 1024
"""Of one whole answer. Together with the limit on one event it bounds what a hostile provider can make us hold."""

# Servers that call themselves compatible have their own words; an unknown word still says that the answer is whole.
_FINISH_REASONS: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
}


class StreamedAnswer:
    """Makes text and a final `Finished` from the bytes of a streamed chat completion."""

    def __init__(self) -> None:
        self.done = False
        self._decoder = EventDecoder()
        self._received = 0
        self._finish_reason: FinishReason | None = None
        self._usage = TokenUsage()

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Yield the pieces of text that the chunk completes.

        Raises:
            ModelAPIError: what arrived is not such an answer, or is too large.
        """
        self._received += len(chunk)
        if self._received > MAX_BYTES:
            raise _too_large()
        try:
            for event in self._decoder.feed(chunk):
                text = self._event(event.data)
                if text:
                    yield text
        except EventTooLarge:
            raise _too_large() from None

    def finished(self) -> Finished:
        """Raises: ModelAPIError: the stream ended before the provider said that the answer is whole."""
        if self._finish_reason is None:
            raise stream_cut()
        return Finished(self._finish_reason, self._usage)

    @property
    def whole(self) -> bool:
        return self._finish_reason is not None

    def _event(self, data: bytes) -> str | None:
        if data == b"[DONE]":
            self.done = True
            return None
        try:
            return self._completion_chunk(orjson.loads(data))
        except (ValueError, TypeError, AttributeError, LookupError):
            pass
        # Raised out here: as its context the original would carry the provider's text along.
        raise ModelAPIError(
            "the provider's stream is not one of chat completions; check the base URL", "invalid_response"
        )

    def _completion_chunk(self, said: dict[str, Any]) -> str | None:
        if said.get("error"):
            raise ModelAPIError("the provider reported an error in mid-answer; try again", retryable=True)
        if said.get("usage"):
            self._usage = _usage(said["usage"])
        if not said.get("choices"):
            return None
        choice = said["choices"][0]
        self._finish(choice.get("finish_reason"))
        text = (choice.get("delta") or {}).get("content")
        return text if isinstance(text, str) else None

    def _finish(self, reason: object) -> None:
        if reason == "error":
            raise ModelAPIError("the provider broke off the answer; try again", retryable=True)
        if isinstance(reason, str):
            self._finish_reason = _FINISH_REASONS.get(reason, "stop")


def stream_cut() -> ModelAPIError:
    message = "the provider's stream was cut before the answer was whole; try again"
    return ModelAPIError(message, "stream_cut", retryable=True)


def _usage(said: dict[str, Any]) -> TokenUsage:
    prompt, completion = _count(said.get("prompt_tokens")), _count(said.get("completion_tokens"))
    total = max(_count(said.get("total_tokens")), prompt + completion)
    return TokenUsage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=total)


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def _too_large() -> ModelAPIError:
    return ModelAPIError("the provider's answer is larger than any answer may be", "response_too_large")
