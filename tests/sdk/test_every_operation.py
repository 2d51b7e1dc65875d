"""Every operation of the API can be reached from the client, which sends what the document asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from ductape import Ductape
from tests.sdk.loopback import Server, ok
from tests.sdk.samples import ACCESS_KEY

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "servers"
}
GPT: dict[str, Any] = {"tag": "gpt", "name": "GPT", "provider": "openai", "model": "gpt-5"}
KEYED = [{"slug": "dev", "api_key": "canary-0123456789abcdef"}]

CALLS: dict[str, Callable[[Ductape], object]] = {
    "service_fetch": lambda client: client.agents.run(tag="helper", input="Hi"),
    "product_list": lambda client: client.product.fetch_all(),
    "product_create": lambda client: client.product.create(name="Shop", envs=[{"slug": "dev"}]),
    "product_fetch": lambda client: client.product.fetch(tag="shop"),
    "product_update": lambda client: client.product.update(tag="shop", name="Shop"),
    "product_delete": lambda client: client.product.delete(tag="shop"),
    "sealing_key_fetch": lambda client: client.model.create(**GPT, envs=KEYED),
    "environment_list": lambda client: client.product.environments.fetch_all(),
    "environment_create": lambda client: client.product.environments.create(slug="dev", active=False),
    "environment_fetch": lambda client: client.product.environments.fetch(slug="dev"),
    "environment_update": lambda client: client.product.environments.update(slug="dev", active=False),
    "environment_delete": lambda client: client.product.environments.delete(slug="dev"),
    "model_list": lambda client: client.model.fetch_all(),
    "model_create": lambda client: client.model.create(**GPT, envs=KEYED, temperature=None),
    "model_fetch": lambda client: client.model.fetch(tag="gpt"),
    "model_update": lambda client: client.model.update(tag="gpt", envs=KEYED, top_p=0.5),
    "model_delete": lambda client: client.model.delete(tag="gpt"),
    "agent_list": lambda client: client.agents.fetch_all(),
    "agent_define": lambda client: client.agents.define(tag="helper", model="gpt", model_config={"maxTokens": 9}),
    "agent_fetch": lambda client: client.agents.fetch(tag="helper"),
    "agent_delete": lambda client: client.agents.delete(tag="helper"),
    "run_create": lambda client: client.agents.run(tag="helper", input="Hi", model_config={"top_p": 0.5}),
    "run_fetch": lambda client: client.runs.fetch(run_id=address("run_fetch")[1].rpartition("/")[2]),
}

# The client has no methods for these yet. One that it gets moves up.
UNREACHED = {
    f"{noun}_{verb}"
    for noun in ("model", "agent")
    for verb in ("resolve", "rollback", "version_list", "version_fetch", "version_compare")
} | {"product_promote", "product_readiness"}


def address(operation_id: str) -> tuple[str, str]:
    """Method and path, with the document's examples as names."""
    method, path, operation = OPERATIONS[operation_id]
    names = {each["name"]: each["example"] for each in operation["parameters"] if each["in"] == "path"}
    return method, path.format(**names)


@pytest.fixture
def client(server: Server) -> Iterator[Ductape]:
    """A client of a server that answers every operation with its example."""
    for operation_id, (_, _, operation) in OPERATIONS.items():
        status, answer = next(iter(operation["responses"].items()))
        server.on(*address(operation_id), ok(answer["content"]["application/json"]["example"], int(status)))
    with Ductape(access_key=ACCESS_KEY, base_url=server.url, product="shop", env="dev") as client:
        yield client


def test_none_is_forgotten() -> None:
    assert CALLS.keys() | UNREACHED == OPERATIONS.keys()
    assert CALLS.keys() & UNREACHED == set()


@pytest.mark.parametrize("operation_id", CALLS)
def test_the_call_reaches_it_and_sends_what_it_asks_for(operation_id: str, server: Server, client: Ductape) -> None:
    CALLS[operation_id](client)

    [sent] = server.sent(*address(operation_id))
    wanted = OPERATIONS[operation_id][2].get("requestBody")
    if wanted is None:
        assert sent.body == b""
        return
    schema = {**wanted["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(sent.json())] == []
