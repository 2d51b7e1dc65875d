from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from redis import Redis

from ductape.types.entities import LocalSettings
from tests.workers.calls import call
from tests.workers.servers import wait_until
from tests.workers.tiny import built
from tests.workers.tiny.think import WEATHER
from workers.models.base import ChatCall
from workers.models.hosted import HostedModel, HostedModels
from workers.models.hosted_protocol import GENERATE, HostCall, ModelSpec, host_reply
from workers.models.responses import HarmonizedResponse, gather

OLD_FIELDS = {"call_id", "reply_stream", "model", "messages", "settings", "deadline"}


@pytest.fixture(scope="session")
def tiny(models_folder: Path) -> ModelSpec:
    return ModelSpec(name=built("think", models_folder), local=LocalSettings())


@pytest.fixture
def thinker(host: subprocess.Popen[bytes], models: HostedModels, tiny: ModelSpec) -> HostedModel:
    """The tiny model that thinks, behind a real host."""
    return models.model(tiny)


async def ask(model: HostedModel, call: ChatCall) -> HarmonizedResponse:
    chunks = [chunk async for chunk in model.stream(call)]
    return gather(chunks, provider="local", model_name="tiny", seconds=0)


async def test_thinking_crosses_to_the_runner(thinker: HostedModel) -> None:
    response = await ask(thinker, call("What is 3 plus 4?", thinking_budget=3))
    assert response.thinking == "3 plus"
    assert response.usage.reasoning_tokens == 3


async def test_tool_calls_cross_to_the_runner(thinker: HostedModel) -> None:
    question = replace(call("What is the weather in Paris?"), tools=(WEATHER,), tool_choice="required")
    response = await ask(thinker, replace(question, parallel_tool_calls=False))
    assert [each.function.name for each in response.tool_calls] == ["get_weather"]
    assert response.metadata.finish_reason == "tool_calls"


async def test_a_runner_of_the_first_release_gets_replies_that_it_knows(
    thinker: HostedModel, models: HostedModels, tiny: ModelSpec, redis_url: str
) -> None:
    question = call("What is 3 plus 4?")
    old: dict[str, Any] = {"call_id": question.call_id, "reply_stream": "old", "messages": question.messages}
    old |= {"settings": question.settings, "deadline": question.deadline}
    old |= {"model": {"name": tiny.name, "local": {"model_class": "llm", "backend": "huggingface"}}}
    assert set(old) == OLD_FIELDS
    models._celery.send_task(GENERATE, args=[old], queue="host.default")
    with Redis.from_url(redis_url) as redis:
        wait_until(lambda: b'"done"' in b"".join(fields[b"data"] for _, fields in redis.xrange("old")), seconds=20)
        replies = [host_reply.validate_json(fields[b"data"]) for _, fields in redis.xrange("old")]
        numbers = [int(fields[b"seq"]) for _, fields in redis.xrange("old")]
    assert {reply.type for reply in replies} == {"started", "delta", "done"}
    assert numbers == list(range(len(replies)))
    assert "".join(reply.text for reply in replies if reply.type == "delta") == "The answer is 7."


def test_a_call_without_news_is_one_that_an_older_host_takes_but_for_what_it_ignores(tiny: ModelSpec) -> None:
    question = call("Hello")
    fields: dict[str, JsonValue] = {"call_id": "a", "reply_stream": "b", "settings": {}, "deadline": 1.0}
    message = HostCall.model_validate({**fields, "model": tiny, "messages": question.messages, "of_tomorrow": 1})
    assert set(message.model_dump(mode="json", exclude_defaults=True)) == OLD_FIELDS
    assert message.model_dump(mode="json", exclude_defaults=True)["model"] == {"name": tiny.name, "local": {}}
