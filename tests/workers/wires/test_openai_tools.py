from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from ductape.types.messages import ToolDefinition
from tests.workers.wires.conftest import KEY, USAGE, Behaviour, Upstream, call, say
from workers.models.base import ChatCall, ChatChunk, Finished, TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.errors import ModelAPIError, ModelError
from workers.models.wires.openai import OpenAIWire

TOOL: ToolDefinition = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}


def delta(**said: Any) -> bytes:
    return f"data: {json.dumps({'choices': [{'delta': said}]})}\n\n".encode()


def tool(**said: Any) -> bytes:
    return delta(tool_calls=[said])


def end(reason: str = "tool_calls", **more: Any) -> list[bytes]:
    said = {"choices": [{"delta": {}, "finish_reason": reason}], **more}
    return [f"data: {json.dumps(said)}\n\n".encode(), b"data: [DONE]\n\n"]


def whole(headers: dict[str, str] | None = None, **said: Any) -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        return web.json_response(said, headers=headers)

    return behave


async def listen(wire: OpenAIWire, asked: ChatCall) -> tuple[list[ChatChunk], Finished]:
    *chunks, last = [chunk async for chunk in wire.stream(asked)]
    assert isinstance(last, Finished)
    return chunks, last


def once(**settings: Any) -> ChatCall:
    return replace(call(**settings), streamed=False)


async def test_tool_calls_stream_by_index(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say(
        [
            tool(index=0, id="call_a", type="function", function={"name": "add", "arguments": ""}),
            tool(index=0, function={"arguments": '{"a"'}),
            tool(index=1, id="call_b", function={"name": "now", "arguments": ""}),
            tool(index=0, function={"arguments": ": 1}"}),
            tool(index=1, function={"arguments": "{}"}),
            *end(),
        ]
    )
    chunks, finished = await listen(wire, call())
    assert chunks == [
        ToolCallDelta(0, "call_a", "add"),
        ToolCallDelta(0, arguments='{"a"'),
        ToolCallDelta(1, "call_b", "now"),
        ToolCallDelta(0, arguments=": 1}"),
        ToolCallDelta(1, arguments="{}"),
    ]
    assert finished.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "pieces",
    [
        [
            tool(index=0, id="c", function={"name": "now", "arguments": '{"a"'}),
            tool(index=0, id="c", function={"name": "now", "arguments": ":1}"}),
        ],
        [tool(id="c", function={"name": "now", "arguments": '{"a"'}), tool(id="c", function={"arguments": ":1}"})],
        [tool(index=0, id="c"), tool(index=0, function={"name": "now", "arguments": '{"a":1}'})],
        [
            tool(index=0, id="c", function={"arguments": '{"a"'}),
            tool(index=0, function={"name": "now", "arguments": ":1}"}),
        ],
        [tool(index=7, id="c", function={"name": "now", "arguments": {"a": 1}})],
        [delta(tool_calls=None), tool(index=None, id="c", function={"name": "now", "arguments": '{"a":1}'})],
        [tool(id="c", function={"name": "now", "arguments": '{"a"'}), tool(function={"arguments": ":1}"})],
    ],
    ids=["names repeated", "no index", "name later", "name last", "an object", "null", "nothing but arguments"],
)
async def test_servers_that_bend_the_form_are_understood(
    wire: OpenAIWire, upstream: Upstream, pieces: list[bytes]
) -> None:
    upstream.behaviour = say([*pieces, *end("stop")])
    chunks, finished = await listen(wire, call())
    deltas = [chunk for chunk in chunks if isinstance(chunk, ToolCallDelta)]
    assert len(deltas) == len(chunks)
    assert {delta.index for delta in deltas} == {0}
    assert (deltas[0].id, deltas[0].name) == ("c", "now")
    assert all(not delta.id and not delta.name for delta in deltas[1:])
    assert "".join(delta.arguments for delta in deltas) == '{"a":1}'
    assert finished.finish_reason == "tool_calls"


async def test_a_missing_id_is_made_up(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say([tool(index=0, function={"name": "now"}), tool(index=1, function={"name": "now"}), *end()])
    chunks, _ = await listen(wire, call())
    ids = [chunk.id for chunk in chunks if isinstance(chunk, ToolCallDelta)]
    assert len(set(ids)) == 2
    assert all(id_.startswith("call_") for id_ in ids)


@pytest.mark.parametrize(
    "said",
    [
        {"tool_calls": 5},
        {"tool_calls": ["x"]},
        {"tool_calls": {"a": 1}},
        {"tool_calls": [{"function": "x"}]},
        {"tool_calls": [{"index": [], "function": {"name": "now"}}]},
        {"tool_calls": [{"index": i, "function": {"name": "now"}} for i in range(200)]},
        {"reasoning_details": 5},
    ],
)
async def test_senseless_tool_calls_are_an_invalid_response(wire: OpenAIWire, upstream: Upstream, said: Any) -> None:
    upstream.behaviour = say([delta(**said), *end()])
    with pytest.raises(ModelAPIError) as raised:
        await listen(wire, call())
    assert raised.value.code == "invalid_response"


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_thinking_is_kept_apart(wire: OpenAIWire, upstream: Upstream, field: str) -> None:
    upstream.behaviour = say([delta(**{field: "Hm", "content": ""}), delta(content="Hi"), *end("stop")])
    chunks, _ = await listen(wire, call())
    assert chunks == [ThinkingDelta("Hm"), TextDelta("Hi")]


async def test_signed_thinking_comes_back_in_one_piece(wire: OpenAIWire, upstream: Upstream) -> None:
    details = [
        {"type": "reasoning.text", "index": 0, "text": "Let ", "signature": None},
        {"type": "reasoning.text", "index": 0, "text": "me", "signature": "sig"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x"},
    ]
    upstream.behaviour = say([*(delta(reasoning_details=[detail]) for detail in details), *end("stop")])
    _, finished = await listen(wire, call())
    assert finished.reasoning_details == (
        {"type": "reasoning.text", "index": 0, "text": "Let me", "signature": "sig"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x"},
    )


async def test_a_refusal_is_text_and_a_content_filter(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say([delta(refusal="I can't "), delta(refusal="help."), *end("stop")])
    chunks, finished = await listen(wire, call())
    assert chunks == [TextDelta("I can't "), TextDelta("help.")]
    assert finished.finish_reason == "content_filter"


async def test_an_answer_in_one_piece_says_all_of_it(wire: OpenAIWire, upstream: Upstream) -> None:
    calls = [{"id": "c", "type": "function", "function": {"name": "now", "arguments": "{}"}}]
    message = {"role": "assistant", "content": "Hi", "reasoning": "Hm", "tool_calls": calls}
    usage = {
        **USAGE,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 1, "other": None},
    }
    choices = [{"message": message, "finish_reason": "tool_calls"}]
    upstream.behaviour = whole({"x-request-id": "req_1"}, id="1", model="gpt-4-0613", choices=choices, usage=usage)
    chunks, finished = await listen(wire, once())
    assert chunks == [ThinkingDelta("Hm"), TextDelta("Hi"), ToolCallDelta(0, "c", "now", "{}")]
    assert (finished.model, finished.request_id, finished.finish_reason) == ("gpt-4-0613", "req_1", "tool_calls")
    assert (finished.usage.cached_tokens, finished.usage.reasoning_tokens, finished.usage.total_tokens) == (4, 1, 7)
    assert upstream.bodies[0]["stream"] is False
    assert "stream_options" not in upstream.bodies[0]


@pytest.mark.parametrize("details", [None, {}, {"cached_tokens": None}, {"cached_tokens": -1}])
async def test_usage_without_details_counts_none(wire: OpenAIWire, upstream: Upstream, details: Any) -> None:
    choices = [{"message": {"content": "Hi"}, "finish_reason": "stop"}]
    upstream.behaviour = whole(choices=choices, usage={**USAGE, "prompt_tokens_details": details})
    _, finished = await listen(wire, once())
    assert (finished.usage.prompt_tokens, finished.usage.cached_tokens) == (5, 0)


@pytest.mark.parametrize("label", ["x" * 300, "line\nbreak", 5, None])
async def test_what_a_provider_calls_itself_is_bounded(wire: OpenAIWire, upstream: Upstream, label: Any) -> None:
    upstream.behaviour = whole(id=label, model=label, choices=[{"message": {"content": "Hi"}, "finish_reason": "stop"}])
    _, finished = await listen(wire, once())
    assert finished.model in ("", "x" * 200)
    assert finished.request_id in ("", "x" * 200)


@pytest.mark.parametrize(
    ("said", "code", "retryable"),
    [
        ({"choices": []}, "stream_cut", True),
        ({"choices": [], "error": {"code": 502, "message": KEY}}, "service_unavailable", True),
        ({"error": {"code": "insufficient_quota", "message": KEY}}, "insufficient_credits", False),
        ({"choices": [{"message": "x"}]}, "invalid_response", False),
    ],
)
async def test_a_bad_body_behind_a_good_status_is_typed(
    wire: OpenAIWire, upstream: Upstream, said: dict[str, Any], code: str, retryable: bool
) -> None:
    upstream.behaviour = whole(**said)
    with pytest.raises(ModelAPIError) as raised:
        await listen(wire, once())
    assert (raised.value.code, raised.value.retryable) == (code, retryable)
    assert KEY not in repr(vars(raised.value))
    assert raised.value.__context__ is None


async def test_tools_are_sent_as_openai_takes_them(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say([tool(index=0, id="c", function={"name": "now"}), *end()])
    await listen(wire, replace(call(), tools=(TOOL,), tool_choice="now", parallel_tool_calls=False))
    body = upstream.bodies[0]
    assert (body["tools"], body["parallel_tool_calls"]) == ([TOOL], False)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "now"}}


FORBIDDEN = [
    *("api_base", "base_url", "api_key", "fallbacks", "mock_response", "extra_headers", "extra_body", "callbacks"),
    *("custom_llm_provider", "__proto__", "n", "model", "messages", "stream", "max_tokens", "max_completion_tokens"),
]


@pytest.mark.parametrize("provider", ["openai", "openrouter", "xai", "custom"])
@pytest.mark.parametrize("name", FORBIDDEN)
async def test_no_parameter_changes_who_is_called(
    upstream: Upstream, wire: OpenAIWire, provider: str, name: str
) -> None:
    wire = OpenAIWire("https://api.example.com/v1", None, "m", wire._egress, provider)
    with pytest.raises(ModelError, match="remove it") as refused:
        await listen(wire, call(parameters={name: "http://evil.example"}))
    assert refused.value.code == "unsupported_parameter"


async def test_parameters_a_provider_has_are_sent(wire: OpenAIWire, upstream: Upstream) -> None:
    upstream.behaviour = say([delta(content="Hi"), *end("stop")])
    await listen(wire, call(parameters={"top_k": 5, "guided_choice": ["a"]}))
    assert (upstream.bodies[0]["top_k"], upstream.bodies[0]["guided_choice"]) == (5, ["a"])
