from __future__ import annotations

from typing import Any

import pytest

# What would lead a call, its key or its cost elsewhere.
NEVER = [
    *("api_base", "base_url", "api_key", "fallbacks", "mock_response", "extra_headers", "extra_body", "callbacks"),
    *("custom_llm_provider", "__proto__", "n"),
]


@pytest.mark.parametrize("name", NEVER)
@pytest.mark.parametrize("provider", ["openai", "custom", "anthropic"])
def test_what_no_caller_may_set_is_refused_with_the_model(
    alice: Any, shop: Any, refused: Any, provider: str, name: str
) -> None:
    body = {"tag": "m", "name": "M", "provider": provider, "model": "x", "envs": [], "parameters": {name: "1"}}
    answer = alice.post("products/shop/models", body)
    assert refused(answer) == (422, "unsupported_parameter")
    assert answer.json()["error"]["param"] == "parameters"


def test_an_update_and_another_provider_are_checked_too(alice: Any, shop: Any, refused: Any) -> None:
    body = {"tag": "m", "name": "M", "provider": "openai", "model": "x", "envs": [], "parameters": {"user": "u1"}}
    assert alice.post("products/shop/models", body).status_code == 201
    at = "products/shop/models/m"
    assert refused(alice.patch(at, {"parameters": {"api_base": "x"}})) == (422, "unsupported_parameter")
    assert refused(alice.patch(at, {"provider": "anthropic"})) == (422, "unsupported_parameter")
    assert alice.get(at).json()["settings"]["parameters"] == {"user": "u1"}


@pytest.mark.parametrize("layer", ["agent", "runtime"])
def test_a_layer_above_is_checked_when_the_call_is_resolved(alice: Any, shop: Any, refused: Any, layer: str) -> None:
    body = {"tag": "m", "name": "M", "provider": "openai", "model": "x", "envs": [{"slug": "dev"}]}
    assert alice.post("products/shop/models", body).status_code == 201
    said = {"parameters": {"extra_headers": {"Host": "x"}}}
    overrides = {"agent": said if layer == "agent" else {}, "runtime": said if layer == "runtime" else {}}
    alice.put("products/shop/agents/a", {"tag": "a", "model": "m", "model_config": overrides["agent"]})

    answer = alice.post("products/shop/agents/a/resolve", {"env": "dev", "model_config": overrides["runtime"]})
    assert refused(answer) == (422, "unsupported_parameter")
    assert answer.json()["error"]["param"] == "model_config.parameters"
