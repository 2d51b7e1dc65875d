"""One and the same answer in the words of each provider, as their documentation shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEXTS = ("Grüße ", "🌍")
COUNTS = (5, 2)
"""Prompt and completion tokens of the answer."""


@dataclass(frozen=True)
class Shape:
    """How a provider speaks."""

    begins: list[bytes]
    """Events up to and with the whole text."""
    ends: list[bytes]
    """Events that say why it ended, its usage, and that it is over."""
    plain: bytes
    """The same answer in one piece."""
    broken: bytes
    """An error in mid-stream that repeats `%KEY%`."""

    @property
    def stream(self) -> list[bytes]:
        return [*self.begins, *self.ends]


def shape(provider: str, prompt: Any = COUNTS[0], completion: Any = COUNTS[1]) -> Shape:
    """Args: prompt, completion: what the provider says of the tokens, which may be anything."""
    return {"openai": _openai, "anthropic": _anthropic, "google": _google, "cohere": _cohere}[provider](
        prompt, completion
    )


def _event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def _openai(prompt: Any, completion: Any) -> Shape:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return _event({"id": "c1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    total = prompt + completion if isinstance(prompt, int) and isinstance(completion, int) else prompt
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    message = {"role": "assistant", "content": "".join(TEXTS)}
    return Shape(
        begins=[chunk({"role": "assistant", "content": ""}), *(chunk({"content": text}) for text in TEXTS)],
        ends=[chunk({}, "stop"), _event({"choices": [], "usage": usage}), b"data: [DONE]\n\n"],
        plain=_json({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}),
        broken=_event({"error": {"message": "bad key %KEY%", "type": "server_error"}}),
    )


def _anthropic(prompt: Any, completion: Any) -> Shape:
    def event(kind: str, **data: Any) -> bytes:
        return _event({"type": kind, **data}, kind)

    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "stop_sequence": None,
    }
    deltas = [event("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in TEXTS]
    stopped = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"input_tokens": prompt, "output_tokens": completion}
    started = {**message, "content": [], "stop_reason": None, "usage": usage}
    return Shape(
        begins=[
            event("message_start", message=started),
            event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            event("ping"),
            *deltas,
            event("content_block_stop", index=0),
        ],
        ends=[event("message_delta", delta=stopped, usage={"output_tokens": completion}), event("message_stop")],
        plain=_json(
            {
                **message,
                "content": [{"type": "text", "text": "".join(TEXTS)}],
                "stop_reason": "end_turn",
                "usage": usage,
            }
        ),
        broken=event("error", error={"type": "overloaded_error", "message": "bad key %KEY%"}),
    )


def _google(prompt: Any, completion: Any) -> Shape:
    def said(text: str, **more: Any) -> dict[str, Any]:
        content = {"parts": [{"text": text}], "role": "model"}
        return {"candidates": [{"content": content, "index": 0, **more}], "modelVersion": "m", "responseId": "r1"}

    total = prompt + completion if isinstance(prompt, int) and isinstance(completion, int) else prompt
    usage = {"promptTokenCount": prompt, "candidatesTokenCount": completion, "totalTokenCount": total}
    return Shape(
        begins=[_event(said(text)) for text in TEXTS],
        ends=[_event({**said("", finishReason="STOP"), "usageMetadata": usage})],
        plain=_json({**said("".join(TEXTS), finishReason="STOP"), "usageMetadata": usage}),
        broken=_event({"error": {"code": 503, "message": "bad key %KEY%", "status": "UNAVAILABLE"}}),
    )


def _cohere(prompt: Any, completion: Any) -> Shape:
    def event(kind: str, **data: Any) -> bytes:
        return _event({"type": kind, **data}, kind)

    def content(**said: str) -> dict[str, Any]:
        return {"index": 0, "delta": {"message": {"content": said}}}

    tokens = {"input_tokens": prompt, "output_tokens": completion}
    usage = {"billed_units": tokens, "tokens": tokens}
    message = {"role": "assistant", "content": [{"type": "text", "text": "".join(TEXTS)}]}
    return Shape(
        begins=[
            event("message-start", id="c1", delta={"message": {"role": "assistant", "content": []}}),
            event("content-start", **content(type="text", text="")),
            *(event("content-delta", **content(text=text)) for text in TEXTS),
            event("content-end", index=0),
        ],
        ends=[event("message-end", delta={"finish_reason": "COMPLETE", "usage": usage})],
        plain=_json({"id": "c1", "finish_reason": "COMPLETE", "message": message, "usage": usage}),
        broken=event("error", message="bad key %KEY%"),
    )
