from __future__ import annotations

from typing import Any

import pytest

from control_plane.api.errors import ApiError
from control_plane.runs.preparing import prepare
from ductape.types.runs import RunCreate

TOOL = {"tag": "weather", "description": "Tells the weather"}


def redefine(alice: Any, **change: Any) -> None:
    assert alice.put("products/shop/agents/helper", {"tag": "helper", "model": "smol", **change}).status_code == 200


def run() -> None:
    prepare(RunCreate(product="shop", env="dev", agent="helper", input="Hi"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tools": [TOOL]}, "agent_needs_tools"),
        ({"memory": {"shortTerm": {}}}, "agent_needs_memory"),
        ({"memory": {"longTerm": {"enabled": True}}}, "agent_needs_memory"),
        ({"humanInLoop": {"enabled": True}}, "agent_needs_human_in_loop"),
    ],
    ids=str,
)
def test_what_cannot_be_done_yet_is_refused_and_readiness_says_so(
    helper: None, alice: Any, change: dict[str, Any], code: str
) -> None:
    redefine(alice, **change)

    with pytest.raises(ApiError, match="define it without") as raised:
        run()
    assert (raised.value.status, raised.value.code) == (409, code)
    items = {item["tag"]: item for item in alice.get("products/shop/readiness?env=dev").json()["items"]}
    assert items["helper"]["reason"]["code"] == code
    assert items["smol"]["ready"]


@pytest.mark.parametrize(
    "change",
    [
        {"memory": {"longTerm": {"enabled": False}}},
        {"humanInLoop": {"enabled": False}},
        {"termination": {"maxIterations": 25, "maxTokens": 50, "timeout": 1000}},
    ],
    ids=str,
)
def test_what_asks_for_nothing_runs(helper: None, alice: Any, change: dict[str, Any]) -> None:
    redefine(alice, **change)
    run()


def test_the_ends_of_a_run_bound_its_call(helper: None, alice: Any) -> None:
    redefine(alice, termination={"maxTokens": 50, "timeout": 1000})

    prepared = prepare(RunCreate(product="shop", env="dev", agent="helper", input="Hi"))

    assert prepared.resolved.values() == {"temperature": 0.7, "max_tokens": 50, "timeout": 1000}
    assert prepared.resolved.settings["max_tokens"].beat[0].layer == "model"
