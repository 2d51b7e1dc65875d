"""Tools, ends, memory and approvals: kept, shown, versioned and moved like everything else of an agent."""

from __future__ import annotations

from typing import Any

import pytest

from control_plane.products.models import Product
from ductape.types.tools import MAX_SCHEMA_DEPTH

AGENT = "products/shop/agents/helper"
WEATHER = {
    "tag": "weather",
    "description": "Tells the weather",
    "parameters": {"city": {"type": "string", "required": True}},
    "http": {"url": "https://tools.example/weather"},
    "requiresConfirmation": True,
    "timeout": 5000,
    "retries": 2,
}
REST = {
    "termination": {"maxIterations": 25, "maxTokens": 50_000, "timeout": 60_000},
    "memory": {"shortTerm": {"maxMessages": 20, "truncationStrategy": "fifo"}, "longTerm": {"enabled": False}},
    "humanInLoop": {"enabled": True, "alwaysRequireApproval": ["weather"], "approvalTimeout": 60_000},
}


def define(alice: Any, **change: Any) -> Any:
    return alice.put(AGENT, {"tag": "helper", "model": "smol", **change})


def test_everything_that_was_said_is_shown(shop: Product, alice: Any) -> None:
    made = define(alice, tools=[WEATHER], **REST).json()

    (tool,) = made["tools"]
    assert tool["parameters"]["required"] == ["city"]
    assert (tool["http"], tool["requires_confirmation"]) == ({"url": "https://tools.example/weather"}, True)
    assert made["termination"] == {"max_iterations": 25, "max_tokens": 50_000, "timeout": 60_000}
    assert made["memory"]["short_term"] == {"max_messages": 20, "truncation_strategy": "fifo"}
    assert made["human_in_loop"]["always_require_approval"] == ["weather"]
    assert alice.get(AGENT).json() == made


def test_each_is_versioned_compared_and_brought_back(shop: Product, alice: Any) -> None:
    first = define(alice, tools=[WEATHER], **REST).json()
    define(alice, termination={"maxTokens": 100})

    changes = {change["path"]: change["kind"] for change in alice.get(f"{AGENT}/diff").json()["changes"]}
    assert changes["tools"] == "removed"
    assert (changes["termination.max_tokens"], changes["termination.timeout"]) == ("changed", "removed")

    back = alice.post(f"{AGENT}/rollback", {"to": 1}).json()
    assert back["version"] == 3
    for field in ("tools", "termination", "memory", "human_in_loop"):
        assert back[field] == first[field]


def test_saying_it_again_as_it_is_shown_changes_nothing(shop: Product, alice: Any) -> None:
    made = define(alice, tools=[WEATHER], **REST).json()

    again = define(alice, **{name: made[name] for name in ("tools", "termination", "memory", "human_in_loop")}).json()

    assert again["version"] == 1


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"termination": {"maxIteration": 5}}, "unknown_argument", "termination.maxIteration"),
        ({"termination": {"timeout": "5m"}}, "invalid_argument", "termination.timeout"),
        ({"memory": {"shortTerm": {"truncationStrategy": "forget"}}}, "invalid_argument", None),
        ({"memory": {"midTerm": {}}}, "unknown_argument", "memory.midTerm"),
        ({"humanInLoop": {"enabled": 1}}, "invalid_argument", "humanInLoop.enabled"),
        ({"humanInLoop": {"approvalWebhook": "https://u:p@x.example/"}}, "invalid_argument", None),
        ({"tools": [{**WEATHER, "handler": "x"}]}, "unknown_argument", "tools.0.handler"),
        ({"tools": [{**WEATHER, "parameters": {"type": "object", "properties": 5}}]}, "invalid_argument", None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_argument_is_named_and_nothing_is_stored(
    shop: Product, alice: Any, refused: Any, change: dict[str, Any], code: str, param: str | None
) -> None:
    answer = define(alice, **change)

    assert refused(answer) == (422, code)
    assert param is None or answer.json()["error"]["param"] == param
    assert alice.get("products/shop/agents").json()["data"] == []


def test_the_fault_in_a_schema_is_found(shop: Product, alice: Any) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "text"}}}

    error = define(alice, tools=[{**WEATHER, "parameters": parameters}]).json()["error"]

    assert error["param"] == "tools.0.parameters.properties.city.type"


def test_a_schema_as_deep_as_may_be_can_be_checked(shop: Product, alice: Any) -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(MAX_SCHEMA_DEPTH - 3):
        schema = {"type": "array", "items": schema}

    deep = {"type": "object", "properties": {"deep": schema}}

    assert define(alice, tools=[{**WEATHER, "parameters": deep}]).status_code == 200


def test_an_environment_is_promoted_with_its_inline_model(shop: Product, alice: Any) -> None:
    tiny = {"provider": "local", "model": "a/tiny", "temperature": 0.1}
    define(alice, envs=[{"slug": "dev", "model": tiny}], tools=[WEATHER])

    plan = alice.post("products/shop/promote", {"from_env": "dev", "to_env": "prd"}).json()
    alice.post("products/shop/promote", {"from_env": "dev", "to_env": "prd", "hash": plan["hash"]})

    promoted = alice.get(AGENT).json()
    assert {env["slug"]: env["model"] for env in promoted["envs"]} == {"dev": tiny, "prd": tiny}
    assert len(promoted["tools"]) == 1
