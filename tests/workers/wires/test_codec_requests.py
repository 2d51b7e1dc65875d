from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.workers.wires.asking import PIXEL, TOOL, ask
from tests.workers.wires.conftest import KEY, Upstream, say
from tests.workers.wires.spoken import LANGUAGES, SIGNATURE, Spoken
from workers.models.errors import ModelAPIError, ModelError

CLAUDE, GEMINI, COMMAND = (LANGUAGES[name].model for name in ("anthropic", "google", "cohere"))
TURNS: list[Any] = [
    {"role": "system", "content": "One."},
    {"role": "developer", "content": "Two."},
    {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": PIXEL}}]},
    {
        "role": "assistant",
        "content": None,
        "reasoning_details": [
            {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE},
            {"type": "google.thought_signature", "signature": SIGNATURE, "tool_call_id": "call-1"},
            {"type": "cohere.tool_plan", "tool_plan": "I will look."},
        ],
        "tool_calls": [
            {"id": "call-1", "type": "function", "function": {"name": "look_up", "arguments": '{"city": "Rome"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call-1", "content": "Sunny."},
]


async def sent(upstream: Upstream, provider: str, model: str, *args: Any, **more: Any) -> dict[str, Any]:
    language = LANGUAGES[provider]
    upstream.behaviour = say(language.sse(language.events(Spoken())))
    await ask(upstream, provider, model, *args, **more)
    return upstream.bodies[-1]


async def test_anthropic_gets_the_whole_conversation(upstream: Upstream) -> None:
    body = await sent(upstream, "anthropic", CLAUDE, TURNS, tools=(TOOL,), thinking_budget=1024, max_tokens=2048)
    assert body == {
        "model": CLAUDE,
        "stream": True,
        "max_tokens": 2048,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "system": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}],
        "tools": [
            {
                "type": "custom",
                "name": "look_up",
                "description": "Looks something up.",
                "input_schema": TOOL["function"]["parameters"],
            }
        ],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE},
                    {"type": "tool_use", "id": "call-1", "name": "look_up", "input": {"city": "Rome"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call-1", "content": "Sunny."}]},
        ],
    }
    request = upstream.requests[0]
    assert (request.path, request.headers["x-api-key"]) == ("/v1/messages", KEY)
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "Authorization" not in request.headers


async def test_google_gets_the_whole_conversation(upstream: Upstream) -> None:
    body = await sent(upstream, "google", GEMINI, TURNS, tools=(TOOL,), thinking_budget=99, seed=7, top_p=0.5)
    assert body == {
        "system_instruction": {"parts": [{"text": "One."}, {"text": "Two."}]},
        "contents": [
            {
                "role": "user",
                "parts": [{"text": "Look"}, {"inline_data": {"data": "iVBORw0KGgo=", "mime_type": "image/png"}}],
            },
            {
                "role": "model",
                "parts": [
                    {"function_call": {"name": "look_up", "args": {"city": "Rome"}}, "thoughtSignature": SIGNATURE}
                ],
            },
            {
                "role": "user",
                "parts": [{"function_response": {"name": "look_up", "response": {"content": "Sunny."}}}],
            },
        ],
        "tools": [{"function_declarations": [TOOL["function"]]}],
        "generationConfig": {
            "seed": 7,
            "top_p": 0.5,
            "thinkingConfig": {"thinkingBudget": 99, "includeThoughts": True},
        },
    }
    request = upstream.requests[0]
    assert request.path_qs == f"/v1/models/{GEMINI}:streamGenerateContent?alt=sse"
    assert request.headers["x-goog-api-key"] == KEY
    assert KEY not in request.path_qs


async def test_cohere_gets_the_whole_conversation(upstream: Upstream) -> None:
    body = await sent(upstream, "cohere", COMMAND, TURNS, tools=(TOOL,), thinking_budget=99, top_p=0.5)
    *before, assistant, result = body.pop("messages")
    assert body == {
        "model": COMMAND,
        "stream": True,
        "p": 0.5,
        "thinking": {"type": "enabled", "token_budget": 99},
        "tools": [TOOL],
    }
    assert [message["role"] for message in before] == ["system", "system", "user"]
    assert before[-1] == TURNS[2]
    assert assistant == {"role": "assistant", "tool_calls": TURNS[3]["tool_calls"], "tool_plan": "I will look."}
    assert result == TURNS[4]
    assert (upstream.requests[0].path, upstream.requests[0].headers["Authorization"]) == ("/v1/chat", f"Bearer {KEY}")


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
async def test_what_the_caller_gave_stays_as_it_was(upstream: Upstream, language: Any) -> None:
    turns, tool = copy.deepcopy(TURNS), copy.deepcopy(TOOL)
    await sent(upstream, language.provider, language.model, turns, tools=(tool,))
    assert (turns, tool) == (TURNS, TOOL)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
async def test_nothing_is_sent_unasked(upstream: Upstream, language: Any) -> None:
    body = await sent(upstream, language.provider, language.model)
    unasked = {"temperature", "thinking", "tools", "tool_choice", "json_mode", "seed", "generationConfig"}
    assert {name for name in unasked if body.get(name)} == set()


async def test_gemini_three_gets_no_temperature_that_nobody_asked_for(upstream: Upstream) -> None:
    body = await sent(upstream, "google", "gemini-3-pro-preview", reasoning_effort="low")
    assert body["generationConfig"] == {"thinkingConfig": {"thinkingLevel": "low", "includeThoughts": True}}


@pytest.mark.parametrize(
    ("provider", "choice", "field", "meant"),
    [
        ("anthropic", "required", "tool_choice", {"type": "any"}),
        ("anthropic", "none", "tool_choice", {"type": "none"}),
        ("anthropic", "look_up", "tool_choice", {"type": "tool", "name": "look_up"}),
        ("google", "required", "toolConfig", {"functionCallingConfig": {"mode": "ANY"}}),
        (
            "google",
            "look_up",
            "toolConfig",
            {"functionCallingConfig": {"mode": "ANY", "allowed_function_names": ["look_up"]}},
        ),
        ("cohere", "required", "tool_choice", "REQUIRED"),
        ("cohere", "none", "tool_choice", "NONE"),
    ],
)
async def test_tool_choices(upstream: Upstream, provider: str, choice: str, field: str, meant: object) -> None:
    body = await sent(upstream, provider, LANGUAGES[provider].model, tools=(TOOL,), tool_choice=choice)
    assert body[field] == meant


async def test_anthropic_can_be_kept_from_parallel_tool_calls(upstream: Upstream) -> None:
    body = await sent(upstream, "anthropic", CLAUDE, tools=(TOOL,), parallel_tool_calls=False)
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}


async def test_json_mode_and_schemas(upstream: Upstream) -> None:
    plain = {"response_format": {"type": "json_object"}}
    assert (await sent(upstream, "anthropic", CLAUDE, **plain))["system"][0]["text"] == "Respond with valid JSON only."
    google = (await sent(upstream, "google", GEMINI, **plain))["generationConfig"]
    assert google == {"response_mime_type": "application/json"}
    assert (await sent(upstream, "cohere", COMMAND, **plain))["response_format"] == {"type": "json_object"}

    body = await sent(upstream, "anthropic", CLAUDE, response_format=JSON_SCHEMA)
    assert body["output_format"] == {"type": "json_schema", "schema": SCHEMA}
    assert "structured-outputs" in upstream.requests[-1].headers["anthropic-beta"]
    google = (await sent(upstream, "google", GEMINI, response_format=JSON_SCHEMA))["generationConfig"]
    assert google["response_json_schema"] == SCHEMA
    body = await sent(upstream, "cohere", COMMAND, response_format=JSON_SCHEMA)
    assert body["response_format"] == {"type": "json_object", "json_schema": SCHEMA}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
async def test_signed_thinking_of_a_wrong_shape_is_left_out(upstream: Upstream, language: Any) -> None:
    details = [{"type": "google.thought_signature"}, {"type": "cohere.tool_plan", "tool_plan": 5}, {"type": "canary"}]
    turns = [TURNS[2], {"role": "assistant", "content": "x", "reasoning_details": details}, TURNS[2]]
    body = await sent(upstream, language.provider, language.model, turns)
    assert not any(word in str(body) for word in ("tool_plan", "canary", "ignature"))


async def test_thinking_does_not_go_back_into_a_call_that_does_not_think(upstream: Upstream) -> None:
    body = await sent(upstream, "anthropic", CLAUDE, TURNS, tools=(TOOL,))
    assert [block["type"] for block in body["messages"][1]["content"]] == ["tool_use"]


@pytest.mark.parametrize(
    ("provider", "more", "named"),
    [
        ("anthropic", {"seed": 1}, "takes no seed"),
        ("anthropic", {"parameters": {"top_k": 1}}, "takes no parameters"),
        ("anthropic", {"thinking_budget": 1024, "temperature": 0.7}, "no temperature but 1"),
        ("anthropic", {"thinking_budget": 1024, "reasoning_effort": "low"}, "not both"),
        ("google", {"thinking_budget": 1024, "reasoning_effort": "low"}, "not both"),
        ("google", {"tools": (TOOL,), "parallel_tool_calls": False}, "parallel_tool_calls"),
        ("cohere", {"tools": (TOOL,), "parallel_tool_calls": False}, "parallel_tool_calls"),
        ("cohere", {"tools": (TOOL,), "tool_choice": "look_up"}, "tool_choice required"),
        ("cohere", {"reasoning_effort": "low"}, "takes no reasoning_effort"),
        ("cohere", {"response_format": {"type": "json_schema"}}, "response_format"),
        ("google", {"response_format": {"type": "grammar"}}, "response_format"),
    ],
)
async def test_what_a_provider_cannot_take_is_named_and_nothing_is_sent(
    upstream: Upstream, provider: str, more: dict[str, Any], named: str
) -> None:
    with pytest.raises(ModelAPIError, match=named) as refused:
        await ask(upstream, provider, LANGUAGES[provider].model, **more)
    assert refused.value.code == "unsupported_setting"
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("model", "more", "named"),
    [
        ("claude-sonnet-5-5", {"tools": (TOOL,), "tool_choice": "required"}, "does not take tool_choice"),
        ("claude-opus-4-7", {"temperature": 0.7}, "takes no temperature"),
        ("claude-opus-4-7", {"thinking_budget": 1024}, "takes no thinking_budget"),
        ("claude-3-5-haiku-latest", {"reasoning_effort": "low"}, "takes no reasoning_effort"),
    ],
)
async def test_what_one_model_cannot_take_is_named(
    upstream: Upstream, model: str, more: dict[str, Any], named: str
) -> None:
    with pytest.raises(ModelAPIError, match=named):
        await ask(upstream, "anthropic", model, **more)
    assert upstream.requests == []


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/canary.png"}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": "https://example.com/canary.png"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": "gs://bucket/canary.png"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": "/etc/canary.png"}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "https://example.com/canary"}}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "canary"}}]},
        {"role": "wizard", "content": "canary"},
        {"role": "tool", "content": "canary"},
        {"role": "user", "content": 5},
        {"content": "canary"},
    ],
)
async def test_messages_that_are_not_served_are_refused_without_a_look_at_them(
    upstream: Upstream, language: Any, message: dict[str, Any]
) -> None:
    with pytest.raises(ModelAPIError) as refused:
        await ask(upstream, language.provider, language.model, [message])
    assert refused.value.code in {"unsupported_content", "invalid_request"}
    assert "canary" not in str(refused.value)
    assert upstream.requests == []


@pytest.mark.parametrize("provider", ["anthropic", "google"])
async def test_what_litellm_stumbles_over_does_not_show_the_conversation(upstream: Upstream, provider: str) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look_up", "arguments": "{canary"}}
    turns = [{"role": "user", "content": "canary"}, {"role": "assistant", "content": "canary", "tool_calls": [call]}]
    with pytest.raises(ModelError) as refused:
        await ask(upstream, provider, LANGUAGES[provider].model, turns, tools=(TOOL,))
    assert refused.value.code == "invalid_request"
    assert "canary" not in str(refused.value)
    assert refused.value.__context__ is None


async def test_a_tool_needs_a_name_that_every_provider_takes(upstream: Upstream) -> None:
    for name in ("a/b", "", "x" * 65, "smörgås"):
        tool = {"type": "function", "function": {"name": name}}
        with pytest.raises(ModelAPIError, match="tool's name"):
            await ask(upstream, "anthropic", CLAUDE, tools=(tool,))
