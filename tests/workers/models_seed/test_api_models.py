"""The code blocks of the seed marsys-models-api about API models, run against a provider on loopback."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import pytest

from tests.workers.models_seed.conftest import Provider, completion
from tests.workers.wires.conftest import KEY
from workers.models import (
    BaseAPIModel,
    ModelAPIError,
    ModelConfig,
    ModelError,
    ModelRateLimitError,
    ModelTokenLimitError,
)

MESSAGES: list[dict[str, Any]] = [{"role": "user", "content": "Hello!"}]
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get weather for a location",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    },
}
SEARCH: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "search_web",
        "description": "Search the web for information",
        "parameters": {
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "Search query"},
                "max_results": {"type": "integer", "description": "Maximum results", "default": 5},
            },
            "required": ["query"],
        },
    },
}


def called(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def claude() -> BaseAPIModel:
    return BaseAPIModel(
        provider="openrouter", model_name="anthropic/claude-haiku-4.5", temperature=0.7, max_tokens=12000
    )


async def test_run_with_tools(provider: Provider) -> None:
    provider.says("", "tool_calls", tool_calls=[called("get_weather", {"location": "Paris"})])
    model = claude()

    response = await model.run(messages=[{"role": "user", "content": "Hello!"}], tools=[WEATHER])

    shown = []
    if response.get("tool_calls"):
        for tool_call in response["tool_calls"]:
            shown.append(f"Tool: {tool_call['function']['name']}")
            shown.append(f"Args: {tool_call['function']['arguments']}")
    assert shown == ["Tool: get_weather", 'Args: {"location": "Paris"}']
    assert provider.keys == [f"Bearer {KEY}"]
    assert provider.bodies == [
        {
            "model": "anthropic/claude-haiku-4.5",
            "messages": [{"role": "user", "content": "Hello!"}],
            "stream": False,
            "temperature": 0.7,
            "max_tokens": 12000,
            "tools": [WEATHER],
        }
    ]


async def test_from_config(provider: Provider) -> None:
    config = ModelConfig(type="api", provider="openrouter", name="anthropic/claude-haiku-4.5", max_tokens=12000)
    model = BaseAPIModel.from_config(config)
    response = await model.arun(messages=[{"role": "user", "content": "Hello!"}])
    assert response["content"] == response.content == "Hello!"


def test_run_in_plain_code(provider: Provider) -> None:
    assert claude().run(MESSAGES)["content"] == "Hello!"


async def test_the_tool_loop(provider: Provider) -> None:
    calls = [called("search_web", {"query": "Mars rovers"})]
    provider.script = [
        (200, completion(None, "tool_calls", tool_calls=calls)),
        (200, completion("There are five.")),
    ]
    model = claude()
    messages = [{"role": "user", "content": "Find information about Mars rovers"}]

    response = await model.run(messages=messages, tools=[SEARCH], tool_choice="auto")
    messages.append(response.as_message())
    if response.get("tool_calls"):
        for call in response["tool_calls"]:
            if call["function"]["name"] == "search_web":
                args = json.loads(call["function"]["arguments"])
                results = [args["query"]] * args.get("max_results", 5)
                messages.append({"role": "tool", "content": json.dumps(results), "tool_call_id": call["id"]})
    response = await model.run(messages=messages, tools=[SEARCH], tool_choice="search_web")

    assert response.content == "There are five."
    assert provider.bodies[0]["tool_choice"] == "auto"
    assert provider.bodies[1]["tool_choice"] == {"type": "function", "function": {"name": "search_web"}}
    assert provider.bodies[1]["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "content": json.dumps(["Mars rovers"] * 5), "tool_call_id": "call_1"},
    ]


async def test_json_mode(provider: Provider) -> None:
    provider.says('{"answer": "4", "confidence": 1.0}')
    response = await claude().run(
        messages=[
            {"role": "system", "content": 'Always respond with JSON: {"answer": str, "confidence": float}'},
            {"role": "user", "content": "What is 2+2?"},
        ],
        json_mode=True,
    )
    data = json.loads(response["content"])
    assert f"Answer: {data['answer']} (Confidence: {data['confidence']})" == "Answer: 4 (Confidence: 1.0)"
    assert provider.bodies[0]["response_format"] == {"type": "json_object"}


async def test_streaming(provider: Provider, capsys: pytest.CaptureFixture[str]) -> None:
    provider.says("Once upon a time")
    async for chunk in claude().stream(messages=[{"role": "user", "content": "Write a story"}]):
        print(chunk["content"], end="", flush=True)
    assert capsys.readouterr().out == "Once upon a time"


async def test_server_errors_are_retried_and_logged(
    provider: Provider, no_waits: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "workers")
    provider.script = [(503, {}), (503, {}), (200, completion("Hello!"))]
    model = BaseAPIModel(provider="openrouter", model_name="anthropic/claude-sonnet-4.5", api_key=KEY)

    response = await model.arun(MESSAGES)

    assert [f"{record.levelname} - {record.getMessage()}" for record in caplog.records] == [
        "WARNING - Server error 503 from claude-sonnet-4.5. Retry 1/3 after 1.0s",
        "WARNING - Server error 503 from claude-sonnet-4.5. Retry 2/3 after 2.0s",
        "INFO - Request successful after 2 retries",
    ]
    assert response.metadata.retry_attempts == 2


async def handled(model: BaseAPIModel) -> str:
    """The manual error handling of the seed."""
    try:
        await model.run(MESSAGES)
    except ModelRateLimitError as e:
        return f"Rate limit exceeded after {e.context.get('max_retries', 3)} retries, retry after {e.retry_after}s"
    except ModelTokenLimitError as e:
        return f"Token limit exceeded: {e.message}, {e.limit}"
    except ModelAPIError as e:
        if e.status_code and e.status_code >= 500:
            return f"Server error persisted after retries: {e.message}"
        return f"Client error: {e.status_code} - {e.classification}"
    return "fine"


TOO_LONG = {"error": {"code": "context_length_exceeded", "message": "maximum context length is 8192 tokens"}}


@pytest.mark.parametrize(
    ("status", "body", "said", "attempts"),
    [
        (429, {}, "Rate limit exceeded after 3 retries, retry after 60s", 4),
        (
            400,
            TOO_LONG,
            "Token limit exceeded: the input does not fit into the model's context; shorten the messages, 8192",
            1,
        ),
        (500, {}, "Server error persisted after retries: the provider is unavailable; try again later", 4),
        (400, {}, "Client error: 400 - invalid_request", 1),
        (402, {}, "Client error: 402 - insufficient_credits", 1),
        (429, {"error": {"code": "insufficient_quota"}}, "Client error: 429 - insufficient_credits", 1),
    ],
)
async def test_manual_error_handling(
    provider: Provider, no_waits: None, status: int, body: dict[str, Any], said: str, attempts: int
) -> None:
    provider.script = [(status, body)]
    assert await handled(claude()) == said
    assert len(provider.bodies) == attempts


async def test_the_printed_example_of_a_503(provider: Provider, no_waits: None) -> None:
    provider.script = [(503, {"error": {"message": KEY}})]
    with pytest.raises(ModelAPIError) as raised:
        await claude().run(MESSAGES)
    e = raised.value
    assert (e.error_code, e.classification, e.is_retryable, f"{e.retry_after}s", e.suggested_action) == (
        "MODEL_API_SERVICE_UNAVAILABLE_ERROR",
        "service_unavailable",
        True,
        "10s",
        "Service temporarily unavailable. Please try again later.",
    )
    assert KEY not in repr(vars(e))


async def test_usage(provider: Provider) -> None:
    response = await claude().run(MESSAGES)
    usage = response.get("usage", {})
    assert [usage.get(f"{kind}_tokens", 0) for kind in ("prompt", "completion", "total")] == [11, 7, 18]
    total_cost = usage.get("prompt_tokens", 0) / 1000 * 0.03 + usage.get("completion_tokens", 0) / 1000 * 0.06
    assert f"Estimated cost: ${total_cost:.4f}" == "Estimated cost: $0.0008"
    assert (response.usage.cached_tokens, response.usage.reasoning_tokens) == (4, 3)


def test_configuration_from_the_environment(provider: Provider) -> None:
    config = ModelConfig(
        type="api",
        provider="openrouter",
        name=os.getenv("MODEL_NAME", "anthropic/claude-haiku-4.5"),
        temperature=float(os.getenv("MODEL_TEMPERATURE", "0.7")),
        max_tokens=int(os.getenv("MAX_TOKENS", "12000")),
    )
    assert config.api_key is not None
    assert config.api_key.get_secret_value() == KEY


async def test_graceful_degradation(provider: Provider) -> None:
    provider.script = [(400, {}), (200, completion("Hello!"))]
    primary_model = claude()

    async def robust_model_call(messages: list[dict[str, Any]], fallback_model: BaseAPIModel | None = None) -> Any:
        try:
            return await primary_model.run(messages)
        except ModelError:
            if fallback_model:
                return await fallback_model.run(messages)
            raise

    assert (await robust_model_call(MESSAGES, claude()))["content"] == "Hello!"


def test_cleanup_where_the_model_has_one(provider: Provider) -> None:
    model = claude()
    assert hasattr(model, "cleanup")
    assert model.run(MESSAGES)["content"] == "Hello!"


async def test_a_custom_endpoint(provider: Provider) -> None:
    config = ModelConfig(
        type="api",
        name="custom-model",
        base_url=provider.base_url,
        api_key="custom-key",  # type: ignore[arg-type]  # as the seed writes it
        parameters={"custom_param": "value"},
    )
    async with BaseAPIModel.from_config(config) as model:
        assert (await model.arun(MESSAGES)).content == "Hello!"
    assert provider.keys == ["Bearer custom-key"]
    assert provider.bodies[0]["custom_param"] == "value"
