from __future__ import annotations

from typing import Any

import pytest

from control_plane.products.models import Product

HELPER = {
    "tag": "helper",
    "model": "smol",
    "system_prompt": "You help.",
    "model_config": {"temperature": 0.4},
    "envs": [{"slug": "dev", "model_config": {"max_tokens": 60}}],
}


def test_define_creates_and_shows_what_was_said_at_each_layer(shop: Product, alice: Any) -> None:
    made = alice.put("products/shop/agents/helper", HELPER).json()

    assert made["model_config"] == {"temperature": 0.4}
    (env,) = made["envs"]
    assert (env["slug"], env["active"], env["model_config"]) == ("dev", True, {"max_tokens": 60})
    assert (made["name"], made["version"]) == ("helper", 1)
    assert alice.get("products/shop/agents/helper").json() == made


def test_defining_again_replaces_and_counts_the_version(shop: Product, alice: Any) -> None:
    first = alice.put("products/shop/agents/helper", HELPER).json()
    again = alice.put("products/shop/agents/helper", {"tag": "helper", "model": "other"}).json()

    assert (again["id"], again["version"]) == (first["id"], 2)
    assert (again["model"], again["model_config"], again["envs"]) == ("other", {}, [])


def test_a_model_that_does_not_exist_yet_is_a_warning(shop: Product, alice: Any) -> None:
    assert "no model 'smol' yet" in alice.put("products/shop/agents/helper", HELPER).json()["warnings"][0]


def test_the_seeds_camel_case_is_understood(shop: Product, alice: Any) -> None:
    body = {"tag": "a", "model": "m", "systemPrompt": "Hi", "modelConfig": {"maxTokens": 5, "stopSequences": ["."]}}

    made = alice.put("products/shop/agents/a", body).json()

    assert made["system_prompt"] == "Hi"
    assert made["model_config"] == {"max_tokens": 5, "stop_sequences": ["."]}


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"model_config": {"temperature": 3}}, "invalid_argument", "model_config.temperature"),
        ({"model_config": {"temperature": "hot"}}, "invalid_argument", "model_config.temperature"),
        ({"model_config": {"base_url": "http://x"}}, "unknown_argument", "model_config.base_url"),
        ({"model_config": {"api_key": "k"}}, "unknown_argument", "model_config.api_key"),
        ({"model_config": {"provider": "openai"}}, "unknown_argument", "model_config.provider"),
        ({"envs": [{"slug": "nope"}]}, "unknown_env", "envs"),
        ({"envs": [{"slug": "dev"}, {"slug": "dev"}]}, "invalid_argument", "envs"),
        ({"tools": [{"tag": "t"}]}, "invalid_argument", "tools.0.description"),
        ({"tag": "other"}, "invalid_argument", "tag"),
        ({"model": None}, "invalid_argument", "model"),
    ],
    ids=lambda value: str(value)[:48],
)
def test_a_wrong_argument_is_named_and_nothing_is_stored(
    shop: Product, alice: Any, refused: Any, change: dict[str, object], code: str, param: str
) -> None:
    answer = alice.put("products/shop/agents/helper", {**HELPER, **change})

    assert refused(answer) == (422, code)
    assert answer.json()["error"]["param"] == param
    assert alice.get("products/shop/agents").json()["data"] == []


def test_deleting_an_agent_frees_its_model(shop: Product, alice: Any) -> None:
    alice.post("products/shop/models", {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "envs": []})
    alice.put("products/shop/agents/helper", HELPER)

    assert alice.delete("products/shop/models/smol").status_code == 409
    assert alice.delete("products/shop/agents/helper").json() == {"deleted": True, "tag": "helper"}
    assert alice.delete("products/shop/models/smol").status_code == 200
