"""What a run would fall back on: resolved, checked and kept apart for each environment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from control_plane.runs import shown
from control_plane.runs.candidates import Candidates
from control_plane.runs.preparing import Prepared, prepare
from control_plane.runs.services import begin_run
from ductape.types.runs import RunCreate
from tests.workers.calls import call, read
from workers.models.base import ChatModel
from workers.models.errors import ModelAPIError, ModelError


@pytest.fixture
def spares(helper: None, alice: Any) -> None:
    """`smol` falls back on `strict`, which limits max_tokens, on `keyless`, on a model that is not there."""
    local = {"provider": "local", "model": "a/b", "temperature": 0.9, "timeout": 9}
    limits = {"limits": {"max_tokens": {"max": 100}}, "top_p": 0.5}
    envs = {"envs": [{"slug": "dev"}, {"slug": "prd"}]}
    alice.post("products/shop/models", {"tag": "strict", "name": "S", **local, **limits, **envs})
    alice.post("products/shop/models", {"tag": "keyless", "name": "K", "provider": "openai", "model": "gpt", **envs})
    alice.patch("products/shop/models/smol", {"fallback": {"models": ["strict", "keyless", "later"]}})


def prepared(**overrides: Any) -> Prepared:
    wanted = {"product": "shop", "env": "dev", "agent": "helper", "input": "Hi", "model_config": overrides}
    return prepare(RunCreate.model_validate(wanted))


def test_each_is_resolved_with_the_same_layers_and_its_own_model(spares: None, alice: Any) -> None:
    said = alice.post("products/shop/agents/helper/resolve", {"env": "dev", "model_config": {"seed": 1}}).json()

    strict, keyless, later = said["fallbacks"]
    values = {name: setting["value"] for name, setting in strict["resolved"]["settings"].items()}
    assert values == {"temperature": 0.4, "max_tokens": 60, "seed": 1, "top_p": 0.5, "timeout": 9}
    assert strict["resolved"]["settings"]["temperature"]["beat"][0] == {"layer": "model", "value": 0.9}
    assert keyless["resolved"]["provider"] == "openai"
    assert (later["resolved"], later["reason"]["code"]) == (None, "model_not_found")


def test_what_a_fallback_forbids_passes_over_it_and_refuses_nothing(spares: None, alice: Any) -> None:
    said = alice.post("products/shop/agents/helper/resolve", {"env": "dev", "model_config": {"max_tokens": 150}}).json()
    assert said["fallbacks"][0]["reason"]["code"] == "limit_exceeded"


def test_readiness_says_which_would_be_passed_over(spares: None, alice: Any) -> None:
    items = {item["tag"]: item for item in alice.get("products/shop/readiness?env=dev").json()["items"]}

    said = [(way["model"], (way["reason"] or {}).get("code")) for way in items["helper"]["fallbacks"]]
    assert items["helper"]["ready"] is True
    assert said == [("strict", None), ("keyless", "missing_api_key"), ("later", "model_not_found")]


def test_a_fallback_of_another_environment_is_never_used(spares: None, alice: Any) -> None:
    alice.patch("products/shop/models/strict", {"envs": [{"slug": "dev", "remove": True}]})
    reasons = [getattr(way, "reason", None) for way in prepared().fallbacks]
    assert [reason.code for reason in reasons if reason] == ["env_not_configured", "missing_api_key", "model_not_found"]


async def down(way: Prepared) -> ChatModel:
    raise ModelAPIError("down", "service_unavailable", retryable=True, status_code=503)


async def no_other_key(way: Prepared) -> None:
    return None


def test_a_run_says_whom_it_tried_with_the_versions(spares: None) -> None:
    ready = prepared()
    candidates = Candidates(ready, down, no_other_key)
    with pytest.raises(ModelError):
        asyncio.run(read(candidates.model, call("Hi")))

    tried = candidates.tried()
    assert [(each.model, each.model_version, each.error and each.error.code) for each in tried] == [
        ("smol", 2, "service_unavailable"),
        ("strict", 1, "service_unavailable"),
        ("keyless", None, "missing_api_key"),
        ("later", None, "model_not_found"),
    ]
    assert shown.run(begin_run(ready)).resolved.fallbacks[0].model == "strict"
