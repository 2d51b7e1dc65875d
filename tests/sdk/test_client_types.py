"""What a type checker sees of both clients: the assertions on types are mypy's, and hold for every user of ours."""

from __future__ import annotations

from collections.abc import Generator
from typing import assert_type

import pytest

from ductape import AsyncDuctape, Ductape
from ductape.resources.base import Deleted
from ductape.types.agents import Agent
from ductape.types.entities import Environment, Model, Product
from ductape.types.runs import MessageDelta, Run, RunEnded, RunEvent, RunStarted
from tests.sdk.loopback import Server, events, ok
from tests.sdk.samples import ACCESS_KEY, AGENT, ENVIRONMENT, MODEL, PRODUCT, RUN

ENDED = f"event: run_ended\ndata: {RunEnded(seq=1, run=Run.model_validate(RUN)).model_dump_json()}\n\n".encode()


@pytest.fixture
def answering(server: Server) -> Server:
    shop = "/api/v1/products/shop"
    server.on("GET", shop, ok(PRODUCT))
    server.on("GET", f"{shop}/envs", ok({"data": [ENVIRONMENT]}))
    server.on("POST", f"{shop}/models", ok(MODEL, 201))
    server.on("GET", f"{shop}/models", ok({"data": [MODEL]}))
    server.on("DELETE", f"{shop}/models/gpt", ok({"deleted": True, "tag": "gpt"}))
    server.on("PUT", f"{shop}/agents/helper", ok(AGENT))
    server.on("POST", "/v1/runs", ok(RUN), events(ENDED))
    return server


def test_the_client_returns_what_it_says(answering: Server) -> None:
    url = answering.url
    with Ductape(access_key=ACCESS_KEY, base_url=url, runner_url=url, product="shop", env="dev") as client:
        assert_type(client.product.fetch(tag="shop"), Product)
        assert_type(client.product.environments.list(), list[Environment])
        made = client.model.create(tag="gpt", name="GPT", provider="openai", model="gpt-5", envs=[], temperature=0.5)
        assert_type(made, Model)
        assert_type(client.models.list(), list[Model])
        assert_type(client.model.delete(tag="gpt"), Deleted)
        assert_type(client.agents.define(tag="helper", model="gpt"), Agent)
        assert_type(client.agents.run(tag="helper", input="Hello"), Run)
        stream = client.agents.stream(tag="helper", input="Hello")
        assert_type(stream, Generator[RunStarted | MessageDelta | RunEnded, None, None])
        assert [event.type for event in stream] == ["run_ended"]
        with pytest.raises(TypeError):
            client.model.fetch(tg="gpt")  # type: ignore[call-arg]


async def test_the_async_client_returns_the_same_when_awaited(answering: Server) -> None:
    url = answering.url
    async with AsyncDuctape(access_key=ACCESS_KEY, base_url=url, runner_url=url, product="shop", env="dev") as client:
        assert_type(await client.product.fetch(tag="shop"), Product)
        assert_type(await client.product.environments.list(), list[Environment])
        made = client.model.create(tag="gpt", name="GPT", provider="openai", model="gpt-5", envs=[], temperature=0.5)
        assert_type(await made, Model)
        assert_type(await client.models.list(), list[Model])
        assert_type(await client.model.delete(tag="gpt"), Deleted)
        assert_type(await client.agents.define(tag="helper", model="gpt"), Agent)
        assert_type(await client.agents.run(tag="helper", input="Hello"), Run)
        seen: list[RunEvent] = []
        async for event in client.agents.stream(tag="helper", input="Hello"):
            seen.append(assert_type(event, RunStarted | MessageDelta | RunEnded))
        assert [event.type for event in seen] == ["run_ended"]
        with pytest.raises(TypeError):
            await client.model.fetch(tg="gpt")  # type: ignore[call-arg]
