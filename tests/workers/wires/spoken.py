"""One answer, written as each provider documents its answers: event by event, and in one piece."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ductape.types.runs import FinishReason
from workers.models.base import ChatChunk, Finished, TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.wires.anthropic_answer import AnthropicAnswer
from workers.models.wires.codec_answer import CodecAnswer
from workers.models.wires.cohere_answer import CohereAnswer
from workers.models.wires.google_answer import GoogleAnswer

Said = dict[str, Any]
SIGNATURE = "c2lnbmVk"


class Called(NamedTuple):
    id: str
    name: str
    arguments: Said


@dataclass(frozen=True)
class Spoken:
    thinking: list[str] = field(default_factory=lambda: ["Let me ", "think."])
    text: list[str] = field(default_factory=lambda: ["Grüße ", "🌍"])
    calls: list[Called] = field(default_factory=list)
    finish: FinishReason = "stop"
    prompt: int = 11
    cached: int = 4
    completion: int = 7
    reasoning: int = 3


def anthropic_events(spoken: Spoken) -> list[Said]:
    message = {**anthropic_whole(spoken), "content": [], "stop_reason": None}
    events: list[Said] = [{"type": "message_start", "message": message}, {"type": "ping"}]
    blocks: list[tuple[Said, list[Said]]] = [
        ({"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in spoken.text])
    ]
    if spoken.thinking:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in spoken.thinking]
        thought = {"type": "thinking", "thinking": "", "signature": ""}
        blocks.insert(0, (thought, [*deltas, {"type": "signature_delta", "signature": SIGNATURE}]))
    for called in spoken.calls:
        written = json.dumps(called.arguments) if called.arguments else ""
        pieces = [written[:3], written[3:]]
        call: Said = {"type": "tool_use", "id": called.id, "name": called.name, "input": {}}
        blocks.append((call, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]))
    for index, (start, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    reason = _ANTHROPIC_REASONS[spoken.finish]
    usage = {"output_tokens": spoken.completion, "output_tokens_details": {"thinking_tokens": spoken.reasoning}}
    return [
        *events,
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]


def anthropic_whole(spoken: Spoken) -> Said:
    thought = {"type": "thinking", "thinking": "".join(spoken.thinking), "signature": SIGNATURE}
    calls = [{"type": "tool_use", "id": it.id, "name": it.name, "input": it.arguments} for it in spoken.calls]
    return {
        "id": "answer-1",
        "type": "message",
        "role": "assistant",
        "model": "model-1",
        "content": [
            *([thought] if spoken.thinking else []),
            *([{"type": "text", "text": "".join(spoken.text)}] if spoken.text else []),
            *calls,
        ],
        "stop_reason": _ANTHROPIC_REASONS[spoken.finish],
        "stop_sequence": None,
        "usage": {
            "input_tokens": spoken.prompt - spoken.cached,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": spoken.cached,
            "output_tokens": spoken.completion,
            "output_tokens_details": {"thinking_tokens": spoken.reasoning},
        },
    }


_ANTHROPIC_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def google_events(spoken: Spoken) -> list[Said]:
    parts = _google_parts(spoken, pieces=True)
    whole = google_whole(spoken)
    events: list[Said] = [{**whole, "candidates": [{"content": {"parts": [part], "role": "model"}}]} for part in parts]
    last = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": _GOOGLE_REASONS[spoken.finish]}
    return [*events, {**whole, "candidates": [last]}]


def google_whole(spoken: Spoken) -> Said:
    content = {"parts": _google_parts(spoken, pieces=False), "role": "model"}
    return {
        "candidates": [{"content": content, "finishReason": _GOOGLE_REASONS[spoken.finish], "index": 0}],
        "usageMetadata": {
            "promptTokenCount": spoken.prompt,
            "cachedContentTokenCount": spoken.cached,
            "candidatesTokenCount": spoken.completion - spoken.reasoning,
            "thoughtsTokenCount": spoken.reasoning,
            "totalTokenCount": spoken.prompt + spoken.completion,
        },
        "modelVersion": "model-1",
        "responseId": "answer-1",
    }


def _google_parts(spoken: Spoken, pieces: bool) -> list[Said]:
    thinking = spoken.thinking if pieces else ["".join(spoken.thinking)]
    text = spoken.text if pieces else ["".join(spoken.text)]
    calls: list[Said] = [{"functionCall": {"id": it.id, "name": it.name, "args": it.arguments}} for it in spoken.calls]
    if calls:
        calls[0]["thoughtSignature"] = SIGNATURE
    return [*({"text": piece, "thought": True} for piece in thinking), *({"text": piece} for piece in text), *calls]


_GOOGLE_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY"}


def cohere_events(spoken: Spoken) -> list[Said]:
    contents = [
        *({"type": "thinking", "thinking": piece} for piece in spoken.thinking),
        *({"type": "text", "text": piece} for piece in spoken.text),
    ]
    events = [_cohere("message-start", id="answer-1", role="assistant")]
    events += [_cohere("content-delta", content=content) for content in contents]
    for called in spoken.calls:
        start = {"id": called.id, "type": "function", "function": {"name": called.name, "arguments": ""}}
        events.append(_cohere("tool-call-start", tool_calls=start))
        written = json.dumps(called.arguments)
        for piece in (written[:3], written[3:]):
            events.append(_cohere("tool-call-delta", tool_calls={"function": {"arguments": piece}}))
        events.append({"type": "tool-call-end"})
    whole = cohere_whole(spoken)
    ending = {"finish_reason": whole["finish_reason"], "usage": whole["usage"]}
    return [*events, {"type": "message-end", "delta": ending}]


def _cohere(kind: str, id: str | None = None, **message: Any) -> Said:
    return {"type": kind, "index": 0, "delta": {"message": message}, **({"id": id} if id else {})}


def cohere_whole(spoken: Spoken) -> Said:
    calls = [
        {"id": it.id, "type": "function", "function": {"name": it.name, "arguments": json.dumps(it.arguments)}}
        for it in spoken.calls
    ]
    content = [
        {"type": "thinking", "thinking": "".join(spoken.thinking)},
        {"type": "text", "text": "".join(spoken.text)},
    ]
    return {
        "id": "answer-1",
        "finish_reason": _COHERE_REASONS[spoken.finish],
        "message": {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})},
        "usage": {
            "billed_units": {"input_tokens": 1.0, "output_tokens": 1.0},
            "tokens": {"input_tokens": float(spoken.prompt), "output_tokens": float(spoken.completion)},
            "cached_tokens": spoken.cached,
        },
    }


_COHERE_REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL", "content_filter": "ERROR"}


class Language(NamedTuple):
    """A provider's way of writing answers, and a model of its."""

    provider: str
    model: str
    events: Callable[[Spoken], list[Said]]
    whole: Callable[[Spoken], Said]
    reader: Callable[[], CodecAnswer]
    path: str
    streamed_path: str

    def sse(self, said: list[Said]) -> list[bytes]:
        return [f"event: e\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in said]


_GOOGLE_PATH = "/v1/models/gemini-2.5-flash"
LANGUAGES = {
    "anthropic": Language(
        "anthropic",
        "claude-sonnet-4-5",
        anthropic_events,
        anthropic_whole,
        AnthropicAnswer,
        "/v1/messages",
        "/v1/messages",
    ),
    "google": Language(
        "google",
        "gemini-2.5-flash",
        google_events,
        google_whole,
        GoogleAnswer,
        f"{_GOOGLE_PATH}:generateContent",
        f"{_GOOGLE_PATH}:streamGenerateContent",
    ),
    "cohere": Language(
        "cohere", "command-a-reasoning", cohere_events, cohere_whole, CohereAnswer, "/v1/chat", "/v1/chat"
    ),
}


@dataclass(frozen=True)
class Heard:
    text: str
    thinking: str
    calls: list[tuple[str, str, Any]]
    last: Finished


def heard(chunks: list[ChatChunk]) -> Heard:
    *deltas, last = chunks
    assert isinstance(last, Finished)
    calls: dict[int, list[str]] = {}
    for delta in deltas:
        if isinstance(delta, ToolCallDelta):
            call = calls.setdefault(delta.index, ["", "", ""])
            call[:] = [call[0] + delta.id, call[1] + delta.name, call[2] + delta.arguments]
    return Heard(
        "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)),
        "".join(delta.text for delta in deltas if isinstance(delta, ThinkingDelta)),
        [(id, name, json.loads(arguments)) for id, name, arguments in calls.values()],
        last,
    )
