from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from control_plane.agents.resolving import AgentLayer, ModelLayer, resolve
from ductape.types.config import DEFAULT_TEMPERATURE, ConfigOverrides, Resolved

ALL = frozenset(ConfigOverrides.model_fields)
SETTINGS = ("temperature", "max_tokens", "top_p", "stop_sequences", "timeout", "seed")
said = st.dictionaries(st.sampled_from(SETTINGS), st.none() | st.integers(0, 9), max_size=len(SETTINGS))


def decide(
    *, model: Any = None, agent: Any = None, env: Any = None, runtime: Any = None, supported: frozenset[str] = ALL
) -> Resolved:
    return resolve(
        model=ModelLayer("m", "openai", "gpt", model or {}),
        agent=AgentLayer(agent or {}, {"prd": env or {}}),
        env="prd",
        runtime=runtime or {},
        supported=supported,
    )


def test_the_seeds_example_ends_at_the_runtime_value_and_says_what_it_beat() -> None:
    resolved = decide(
        model={"temperature": 0.7}, agent={"temperature": 0.5}, env={"temperature": 0.3}, runtime={"temperature": 0.2}
    )

    temperature = resolved.settings["temperature"]
    assert (temperature.value, temperature.layer) == (0.2, "runtime")
    assert [(lost.layer, lost.value) for lost in temperature.beat] == [
        ("agent_env", 0.3),
        ("agent", 0.5),
        ("model", 0.7),
        ("default", 0.7),
    ]


@given(model=said, agent=said, env=said, runtime=said)
def test_the_highest_layer_that_speaks_wins_key_by_key(model: Any, agent: Any, env: Any, runtime: Any) -> None:
    resolved = decide(model=model, agent=agent, env=env, runtime=runtime)

    expected = {"temperature": DEFAULT_TEMPERATURE, **model, **agent, **env, **runtime}
    assert {name: setting.value for name, setting in resolved.settings.items()} == expected
    assert resolved.values() == {name: value for name, value in expected.items() if value is not None}


@given(model=said, agent=said, env=said, runtime=said)
def test_every_value_that_was_said_is_either_the_winner_or_beaten(
    model: Any, agent: Any, env: Any, runtime: Any
) -> None:
    resolved = decide(model=model, agent=agent, env=env, runtime=runtime)

    layers = {"runtime": runtime, "agent_env": env, "agent": agent, "model": model, "default": {"temperature": 0.7}}
    for name, setting in resolved.settings.items():
        shown = [(setting.layer, setting.value), *((lost.layer, lost.value) for lost in setting.beat)]
        assert shown == [(layer, saying[name]) for layer, saying in layers.items() if name in saying]


def test_another_environments_overrides_do_not_count() -> None:
    agent = AgentLayer({}, {"dev": {"max_tokens": 1}})
    resolved = resolve(model=ModelLayer("m", "openai", "gpt", {}), agent=agent, env="prd", runtime={}, supported=ALL)

    assert "max_tokens" not in resolved.settings


def test_a_bare_model_resolves_without_an_agent() -> None:
    model = ModelLayer("m", "openai", "gpt", {"max_tokens": 5})
    resolved = resolve(model=model, agent=None, env="dev", runtime={"top_p": 0.1}, supported=ALL)

    assert resolved.values() == {"temperature": 0.7, "max_tokens": 5, "top_p": 0.1}


def test_none_switches_a_setting_off_and_is_not_unset() -> None:
    resolved = decide(model={"max_tokens": 5}, runtime={"max_tokens": None, "temperature": None})

    assert resolved.values() == {}
    assert resolved.settings["max_tokens"].layer == "runtime"
    assert resolved.dropped == []


def test_lists_replace_and_are_not_joined() -> None:
    resolved = decide(model={"stop_sequences": ["a", "b"]}, agent={"stop_sequences": ["c"]})
    assert resolved.values()["stop_sequences"] == ["c"]


def test_what_the_provider_cannot_take_is_listed_and_not_sent() -> None:
    resolved = decide(runtime={"reasoning_effort": "low", "seed": 1}, supported=frozenset({"seed"}))

    assert resolved.dropped == ["temperature", "reasoning_effort"]
    assert resolved.values() == {"seed": 1}
    assert resolved.settings["reasoning_effort"].value == "low"
