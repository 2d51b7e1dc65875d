from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ductape.types.runs import TokenUsage
from workers.models.base import ChatChunk, Finished, TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.errors import ModelAPIError
from workers.models.responses import HarmonizedResponse, ResponseChunk, gather
from workers.models.wires.answer import Answer

WHOLE: list[ChatChunk] = [
    ThinkingDelta("Hm"),
    TextDelta("Hel"),
    ToolCallDelta(1, "call_2", "now"),
    TextDelta("lo"),
    ToolCallDelta(0, "call_1", "add", '{"a":'),
    ToolCallDelta(0, arguments=" 1}"),
    Finished("tool_calls", TokenUsage(prompt_tokens=3), "gpt-5", "req_1", ({"type": "signed"},), retry_attempts=2),
]


def gathered(chunks: list[ChatChunk]) -> HarmonizedResponse:
    return gather(chunks, provider="openai", model_name="gpt-5-alias", seconds=0.5)


def test_a_response_is_read_by_attribute_and_by_name() -> None:
    response = gathered(WHOLE)
    assert response.content == response["content"] == response.get("content") == "Hello"
    assert response.thinking == "Hm"
    assert response["usage"]["prompt_tokens"] == response.usage.prompt_tokens == 3
    assert response["tool_calls"][0]["function"] == {"name": "add", "arguments": '{"a": 1}'}
    assert response.tool_calls[1].function.arguments == "{}"
    assert response["metadata"] == {
        "provider": "openai",
        "model": "gpt-5",
        "request_id": "req_1",
        "finish_reason": "tool_calls",
        "response_time": 0.5,
        "retry_attempts": 2,
    }


def test_it_is_a_mapping_to_whoever_expects_one() -> None:
    response = gathered(WHOLE)
    assert "usage" in response
    assert "nothing" not in response
    assert response.get("nothing") is None
    assert response.get("nothing", 7) == 7
    with pytest.raises(KeyError):
        response["nothing"]
    assert json.loads(json.dumps(dict(response), default=str))["role"] == "assistant"


def test_it_goes_back_as_a_message() -> None:
    response = gathered(WHOLE)
    assert response.as_message() == {
        "role": "assistant",
        "content": "Hello",
        "tool_calls": response["tool_calls"],
        "reasoning_details": [{"type": "signed"}],
    }
    assert gathered([TextDelta("Hi"), WHOLE[-1]]).as_message()["content"] == "Hi"


def test_an_answer_without_an_end_is_none() -> None:
    with pytest.raises(ModelAPIError) as raised:
        gathered(WHOLE[:-1])
    assert raised.value.code == "incomplete"


def test_a_chunk_answers_by_name() -> None:
    assert [ResponseChunk.of(chunk)["content"] for chunk in WHOLE[:-1]] == ["", "Hel", "", "lo", "", ""]
    assert ResponseChunk.of(WHOLE[2])["tool_call"]["name"] == "now"


text = st.text(max_size=20)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
tool_calls = st.lists(st.tuples(names, names, text.map(lambda value: json.dumps({"q": value}))), max_size=3)
usages = st.fixed_dictionaries({"prompt_tokens": st.integers(0, 99), "completion_tokens": st.integers(0, 99)})
messages = st.fixed_dictionaries(
    {
        "content": text,
        "reasoning": text,
        "calls": tool_calls,
        "reason": st.sampled_from(["stop", "length", "content_filter"]),
        "usage": usages,
        "cuts": st.lists(st.integers(1, 7), min_size=1, max_size=5),
    }
)


@given(messages)
@settings(max_examples=40, deadline=None)
def test_streamed_or_not_the_response_is_the_same(said: dict[str, Any]) -> None:
    assert gathered(_streamed(said)) == gathered(_whole(said))


def _whole(said: dict[str, Any]) -> list[ChatChunk]:
    calls = [{"id": f"call_{i}", "function": {"name": n, "arguments": a}} for i, (n, _, a) in enumerate(said["calls"])]
    message = {"content": said["content"], "reasoning": said["reasoning"], "tool_calls": calls or None}
    body = {"id": "1", "choices": [{"message": message, "finish_reason": said["reason"]}], "usage": said["usage"]}
    answer = Answer("custom")
    chunks = answer.piece(json.dumps(body).encode())
    return [*chunks, answer.finished()]


def _streamed(said: dict[str, Any]) -> list[ChatChunk]:
    deltas: list[dict[str, Any]] = [{"reasoning": piece} for piece in said["reasoning"]]
    deltas += [{"content": piece} for piece in said["content"]]
    for index, (name, _, arguments) in enumerate(said["calls"]):
        deltas.append({"tool_calls": [{"index": index, "id": f"call_{index}", "function": {"name": name}}]})
        # Some servers repeat the name with every piece.
        pieces = [{"index": index, "function": {"name": name, "arguments": piece}} for piece in arguments]
        deltas += [{"tool_calls": [piece]} for piece in pieces]
    events: list[Any] = [{"id": "1", "choices": [{"delta": delta}]} for delta in deltas]
    events.append({"id": "1", "choices": [{"delta": {}, "finish_reason": said["reason"]}]})
    events.append({"choices": [], "usage": said["usage"]})
    stream = b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events) + b"data: [DONE]\n\n"
    answer = Answer("custom")
    chunks: list[ChatChunk] = []
    while stream:
        size = said["cuts"][len(chunks) % len(said["cuts"])] * 13
        chunks += answer.feed(stream[:size])
        stream = stream[size:]
    return [*chunks, answer.finished()]
