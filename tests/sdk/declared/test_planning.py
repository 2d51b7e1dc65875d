from __future__ import annotations

from typing import Any

import pytest

from ductape.declared.document import parse
from ductape.declared.planning import Step, plan
from ductape.errors import ValidationError

FILE = """
product: {tag: shop, name: Shop, envs: [{slug: dev}, {slug: prd, active: false}]}
models:
  - tag: gpt
    name: GPT
    provider: openai
    model: gpt-5
    temperature: null
    fallback: {models: [spare]}
    envs:
      - {slug: dev, api_key: "${DEV_KEY}"}
agents:
  - tag: helper
    model: gpt
    model_config: {temperature: 0.4}
    envs: [{slug: dev, model_config: {max_tokens: 60}}]
"""
SERVER: dict[str, Any] = {
    "product": {
        "tag": "shop",
        "name": "Shop",
        "description": "",
        "envs": [
            {"slug": "dev", "name": "dev", "description": "", "active": True},
            {"slug": "prd", "name": "prd", "description": "", "active": False},
        ],
    },
    "models": [
        {
            "tag": "gpt",
            "name": "GPT",
            "description": "",
            "provider": "openai",
            "model": "gpt-5",
            "temperature": None,
            "fallback": {"models": ["spare"], "when": ["retryable", "timeout", "circuit_open"]},
            "envs": [{"slug": "dev", "active": True, "description": "", "api_key": "${GPT_DEV_API_KEY}"}],
        }
    ],
    "agents": [
        {
            "tag": "helper",
            "name": "helper",
            "description": "",
            "model": "gpt",
            "model_config": {"temperature": 0.4},
            "system_prompt": "",
            "envs": [{"slug": "dev", "active": True, "model_config": {"max_tokens": 60}}],
        }
    ],
}
KEYS = {"DEV_KEY": "sk-canary-0123456789"}


def shown(steps: list[Step]) -> list[str]:
    return [f"{step.verb} {step.kind} {step.tag}: {', '.join(step.differs)}" for step in steps]


def test_a_new_product_is_created_from_the_top() -> None:
    steps = plan(parse(FILE), None, KEYS)

    assert [(step.verb, step.kind, step.tag) for step in steps] == [
        ("create", "product", "shop"),
        ("create", "env", "dev"),
        ("create", "env", "prd"),
        ("create", "model", "gpt"),
        ("create", "agent", "helper"),
    ]
    assert steps[3].wanted["envs"] == [{"slug": "dev", "api_key": KEYS["DEV_KEY"]}]


def test_what_is_so_already_needs_no_step_and_no_variable() -> None:
    assert plan(parse(FILE), SERVER, {}) == []


@pytest.mark.parametrize(
    ("line", "instead", "step"),
    [
        ("name: Shop", "name: Store", "update product shop: name"),
        ("active: false", "active: true", "update env prd: active"),
        ("temperature: null", "temperature: 0.1", "update model gpt: temperature"),
        ("{models: [spare]}", "{models: [other]}", "update model gpt: fallback"),
        ("{models: [spare]}", "{models: [spare], when: [rate_limit]}", "update model gpt: fallback"),
        ("model: gpt-5", "model: gpt-6", "update model gpt: model"),
        ("{slug: dev, api_key", "{slug: dev, active: false, api_key", "update model gpt: envs.dev"),
        ("max_tokens: 60", "max_tokens: 61", "update agent helper: envs"),
        ("    model_config: {temperature: 0.4}\n", "", "update agent helper: model_config"),
    ],
)
def test_one_difference_is_one_step(line: str, instead: str, step: str) -> None:
    assert line in FILE
    assert shown(plan(parse(FILE.replace(line, instead)), SERVER, KEYS)) == [step]


def test_what_only_the_server_has_stays() -> None:
    more = {**SERVER, "agents": [*SERVER["agents"], {**SERVER["agents"][0], "tag": "other"}]}
    more["models"] = [{**SERVER["models"][0], "max_tokens": 100}]

    assert plan(parse(FILE), more, KEYS) == []


def test_a_key_that_is_missing_needs_its_variable() -> None:
    with pytest.raises(ValidationError, match="set DEV_KEY: 'gpt' has no key in 'dev' yet"):
        plan(parse(FILE), None, {"DEV_KEY": ""})


def test_a_key_in_the_file_itself_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError, match="is not a reference") as raised:
        plan(parse(FILE.replace("${DEV_KEY}", KEYS["DEV_KEY"])), None, KEYS)
    assert "canary" not in str(raised.value)


def test_no_key_is_in_a_steps_repr() -> None:
    assert "canary" not in repr(plan(parse(FILE), None, KEYS))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("product: [", "not YAML at line"),
        ("- 1", "the file"),
        ("product: {tag: shop}", r"product\.name"),
        (FILE.replace("temperature: 0.4", "temperatur: 1"), r"agents\.0\.model_config\.temperatur"),
        (FILE.replace("provider: openai", "provider: nobody"), r"models\.0\.provider"),
    ],
)
def test_a_file_that_cannot_be_says_where(text: str, where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        parse(text)
