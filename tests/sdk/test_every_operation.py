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
    "sealing_key_rotate": lambda client: client.product.rotate_sealing_key(tag="shop"),
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
    "model_key_list": lambda client: client.model.keys(tag="gpt", env="dev"),
    "model_key_rotate": lambda client: client.model.rotate_key(tag="gpt", env="dev", api_key=KEYED[0]["api_key"]),
    "model_key_revoke": lambda client: client.model.revoke_key(tag="gpt", env="dev", version=1),
    "model_key_verify": lambda client: client.model.verify_key(tag="gpt", env="dev", version=2),
    "model_test": lambda client: client.model.test(tag="gpt"),
    "agent_list": lambda client: client.agents.fetch_all(),
    "agent_define": lambda client: client.agents.define(tag="helper", model="gpt", model_config={"maxTokens": 9}),
    "agent_fetch": lambda client: client.agents.fetch(tag="helper"),
    "agent_delete": lambda client: client.agents.delete(tag="helper"),
    "model_resolve": lambda client: client.model.resolve(tag="gpt", model_config={"top_p": 0.5}),
    "model_version_list": lambda client: client.model.versions(tag="gpt"),
    "model_version_fetch": lambda client: client.model.version(tag="gpt", number=1),
    "model_version_compare": lambda client: client.model.compare(tag="gpt", after=2),
    "model_rollback": lambda client: client.model.rollback(tag="gpt", to=1),
    "agent_resolve": lambda client: client.agents.resolve(tag="helper", model_config={"top_p": 0.5}),
    "agent_version_list": lambda client: client.agents.versions(tag="helper"),
    "agent_version_fetch": lambda client: client.agents.version(tag="helper", number=1),
    "agent_version_compare": lambda client: client.agents.compare(tag="helper", after=2),
    "agent_rollback": lambda client: client.agents.rollback(tag="helper", to=1),
    "product_readiness": lambda client: client.product.readiness(),
    "product_promote": lambda client: client.product.plan_promotion(from_env="dev", to_env="prd", tag="shop"),
    "current_token_fetch": lambda client: client.tokens.whoami(),
    "token_list": lambda client: client.tokens.fetch_all(),
    "token_create": lambda client: client.tokens.create(name="ci", scopes=["read"]),
    "token_fetch": lambda client: client.tokens.fetch(id=name_in("token_fetch")),
    "token_rotate": lambda client: client.tokens.rotate(id=name_in("token_fetch"), grace_hours=1),
    "token_revoke": lambda client: client.tokens.revoke(id=name_in("token_fetch")),
    "audit_list": lambda client: client.audit.fetch_all(),
    "member_list": lambda client: client.members.fetch_all(),
    "member_create": lambda client: client.members.create(user="alice", role="viewer"),
    "member_fetch": lambda client: client.members.fetch(id=name_in("member_fetch")),
    "member_update": lambda client: client.members.update(id=name_in("member_fetch"), role="viewer"),
    "member_delete": lambda client: client.members.delete(id=name_in("member_fetch")),
    "run_create": lambda client: client.agents.run(tag="helper", input="Hi", model_config={"top_p": 0.5}),
    "run_fetch": lambda client: client.runs.fetch(run_id=name_in("run_fetch")),
}


# The client has no methods for these yet. One that it gets moves up.
QUERIES = {
    "model_version_compare": ["?after=2"],
    "agent_version_compare": ["?after=2"],
    "product_readiness": ["?env=dev"],
}


def address(operation_id: str) -> tuple[str, str]:
    """Method and path, with the document's examples as names."""
    method, path, operation = OPERATIONS[operation_id]
    names = {each["name"]: each["example"] for each in operation["parameters"] if each["in"] == "path"}
    return method, path.format(**names)


def name_in(operation_id: str) -> str:
    """The last part of its address."""
    return address(operation_id)[1].rpartition("/")[2]


@pytest.fixture
def client(server: Server) -> Iterator[Ductape]:
    """A client of a server that answers every operation with its example."""
    for operation_id, (_, _, operation) in OPERATIONS.items():
        status, answer = next(iter(operation["responses"].items()))
        method, path = address(operation_id)
        for query in ("", *QUERIES.get(operation_id, ())):
            server.on(method, path + query, ok(answer["content"]["application/json"]["example"], int(status)))
    with Ductape(access_key=ACCESS_KEY, base_url=server.url, product="shop", env="dev") as client:
        yield client


def test_none_is_forgotten() -> None:
    assert CALLS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("operation_id", CALLS)
def test_the_call_reaches_it_and_sends_what_it_asks_for(operation_id: str, server: Server, client: Ductape) -> None:
    CALLS[operation_id](client)

    method, path = address(operation_id)
    [sent] = [one for one in server.received if (one.method, one.path.partition("?")[0]) == (method, path)]
    wanted = OPERATIONS[operation_id][2].get("requestBody")
    if wanted is None:
        assert sent.body == b""
        return
    schema = {**wanted["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(sent.json())] == []
