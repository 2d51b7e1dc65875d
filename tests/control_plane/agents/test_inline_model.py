from __future__ import annotations

from typing import Any

import pytest

from control_plane.products.models import Product

MODELS = "products/shop/models"
AGENT = "products/shop/agents/helper"
MINI = {"provider": "openai", "model": "gpt-5-mini", "temperature": 0.1, "keyFrom": "gpt"}


def define(alice: Any, model: Any, **change: Any) -> Any:
    return alice.put(AGENT, {"tag": "helper", "model": model, **change})


def register(alice: Any, **change: Any) -> None:
    body = {"tag": "gpt", "name": "G", "provider": "openai", "model": "gpt-5", "envs": [{"slug": "dev"}], **change}
    made = alice.post(MODELS, body)
    assert made.status_code == 201, made.json()


def resolved(alice: Any, **runtime: Any) -> Any:
    return alice.post(f"{AGENT}/resolve", {"env": "dev", "model_config": runtime})


def test_it_is_shown_as_it_was_said(shop: Product, alice: Any) -> None:
    register(alice)
    made = define(alice, MINI).json()

    assert made["model"] == {"provider": "openai", "model": "gpt-5-mini", "temperature": 0.1, "key_from": "gpt"}
    assert made["warnings"] == []


def test_its_settings_take_the_place_of_a_models(shop: Product, alice: Any) -> None:
    register(alice, max_tokens=500, temperature=0.9)
    define(alice, MINI, model_config={"top_p": 0.5})

    said = resolved(alice, temperature=0.3).json()

    assert (said["model"], said["inline"], said["provider"], said["model_name"]) == (
        "gpt",
        True,
        "openai",
        "gpt-5-mini",
    )
    assert {name: setting["value"] for name, setting in said["settings"].items()} == {"temperature": 0.3, "top_p": 0.5}
    assert said["settings"]["temperature"]["beat"][0] == {"layer": "model", "value": 0.1}


def test_the_limits_of_the_model_that_lends_its_key_hold(shop: Product, alice: Any, refused: Any) -> None:
    register(alice, limits={"max_tokens": {"max": 100}})
    define(alice, {**MINI, "max_tokens": 200})

    assert refused(resolved(alice)) == (422, "limit_exceeded")


def test_its_locks_hold_too_and_keep_their_value(shop: Product, alice: Any, refused: Any) -> None:
    register(alice, max_tokens=500, temperature=0.9, locks=["temperature", "max_tokens"])
    define(alice, MINI)
    assert refused(resolved(alice)) == (422, "locked")

    define(alice, {**MINI, "temperature": 0.9})
    assert resolved(alice).json()["settings"]["max_tokens"] == {"value": 500, "layer": "model", "beat": []}
    assert refused(resolved(alice, max_tokens=1)) == (422, "locked")


def test_an_environment_may_have_one_of_its_own(shop: Product, alice: Any) -> None:
    register(alice)
    define(alice, "gpt", envs=[{"slug": "dev", "model": {"provider": "local", "model": "a/tiny"}}])

    said = resolved(alice).json()
    assert (said["model"], said["model_name"], said["inline"]) == ("", "a/tiny", True)
    assert alice.post(f"{AGENT}/resolve", {"env": "prd"}).json()["model_name"] == "gpt-5"


def test_a_model_that_lends_its_key_is_in_use(shop: Product, alice: Any, refused: Any) -> None:
    register(alice)
    define(alice, MINI)

    assert refused(alice.delete(f"{MODELS}/gpt")) == (409, "model_in_use")
    assert [agent["tag"] for agent in alice.get("products/shop/agents?model=gpt").json()["data"]] == ["helper"]


def test_a_key_never_goes_to_another_provider(shop: Product, alice: Any, refused: Any) -> None:
    register(alice, tag="gpt", provider="xai")
    made = define(alice, MINI).json()

    assert "of 'xai'" in made["warnings"][0]
    assert refused(resolved(alice)) == (409, "inline_model_mismatch")


def test_a_lender_that_does_not_exist_yet_is_a_warning(shop: Product, alice: Any, refused: Any) -> None:
    assert "no model 'gpt' yet" in define(alice, MINI).json()["warnings"][0]
    assert refused(resolved(alice)) == (404, "model_not_found")


def test_a_rollback_brings_it_back(shop: Product, alice: Any) -> None:
    register(alice)
    first = define(alice, MINI).json()
    define(alice, "gpt")

    assert alice.post(f"{AGENT}/rollback", {"to": 1}).json()["model"] == first["model"]


@pytest.mark.parametrize("name", ["api_key", "apiKey"])
@pytest.mark.parametrize("where", ["agent", "env"])
def test_a_key_in_clear_is_refused_and_not_repeated(
    shop: Product, alice: Any, refused: Any, name: str, where: str
) -> None:
    model = {**MINI, name: "canary-0123456789"}
    change = {"envs": [{"slug": "dev", "model": model}]} if where == "env" else {}
    answer = define(alice, "gpt" if where == "env" else model, **change)

    assert refused(answer) == (422, "plaintext_secret_refused")
    assert "canary" not in answer.content.decode()


@pytest.mark.parametrize(
    ("model", "code", "param"),
    [
        ({**MINI, "baseUrl": "https://evil.example"}, "unknown_argument", "model.baseUrl"),
        ({**MINI, "sealed_api_key": "dseal1"}, "unknown_argument", "model.sealed_api_key"),
        ({**MINI, "temperature": 3}, "invalid_argument", "model.temperature"),
        ({**MINI, "provider": "nobody"}, "invalid_argument", "model.provider"),
        ({"provider": "openai", "model": "gpt-5"}, "invalid_argument", "model"),
        ({"provider": "local", "model": "a/b", "keyFrom": "gpt"}, "invalid_argument", "model"),
        ({**MINI, "local": {}}, "invalid_argument", "model"),
        ({"model": "gpt-5"}, "invalid_argument", "model.provider"),
        (5, "invalid_argument", "model"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_it_may_not_say_is_named(
    shop: Product, alice: Any, refused: Any, model: Any, code: str, param: str
) -> None:
    answer = define(alice, model)

    assert refused(answer) == (422, code)
    assert answer.json()["error"]["param"] == param
