from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.agents.resolving import AgentEnvLayer, AgentLayer, ModelLayer, OverrideRefused, Rules, resolve
from ductape.types.config import DEFAULT_TEMPERATURE, ConfigOverrides, Limit, Resolved

ALL = frozenset(ConfigOverrides.model_fields)
SETTINGS = ("temperature", "max_tokens", "top_p", "stop_sequences", "timeout", "seed")
said = st.dictionaries(st.sampled_from(SETTINGS), st.none() | st.integers(0, 9), max_size=len(SETTINGS))


def decide(
    *,
    model: Any = None,
    agent: Any = None,
    env: Any = None,
    runtime: Any = None,
    supported: frozenset[str] = ALL,
    rules: Rules = Rules(),  # noqa: B008  # frozen
    env_rules: Rules = Rules(),  # noqa: B008
    ends: Any = None,
) -> Resolved:
    return resolve(
        model=ModelLayer("m", "openai", "gpt", model or {}, rules),
        agent=AgentLayer(agent or {}, {"prd": AgentEnvLayer(env or {}, env_rules)}, ends or {}),
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
    agent = AgentLayer({}, {"dev": AgentEnvLayer({"max_tokens": 1})})
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


CAP = Rules(limits={"max_tokens": Limit(max=1000)})


@pytest.mark.parametrize("where", ["model", "agent", "env", "runtime"])
@pytest.mark.parametrize(("value", "allowed"), [(1, True), (1000, True), (1001, False), (None, False)])
@pytest.mark.parametrize("rule", ["rules", "env_rules"])
def test_a_limit_holds_whoever_sets_the_value(where: str, value: int | None, allowed: bool, rule: str) -> None:
    said: dict[str, Any] = {where: {"max_tokens": value}, rule: CAP}
    if allowed:
        assert decide(**said).values()["max_tokens"] == value
        return
    with pytest.raises(OverrideRefused, match="max_tokens") as raised:
        decide(**said)
    assert raised.value.code == "limit_exceeded"
    assert ("(model)" if rule == "rules" else "(agent_env)") in str(raised.value)


def test_a_limited_setting_that_nobody_sets_is_refused_and_not_left_to_the_provider() -> None:
    with pytest.raises(OverrideRefused, match="needs a value"):
        decide(rules=CAP)


def test_both_limits_count_and_are_shown() -> None:
    floor = Rules(limits={"max_tokens": Limit(min=10, max=5000)})
    resolved = decide(runtime={"max_tokens": 500}, rules=floor, env_rules=CAP)

    assert [(limit.layer, limit.min, limit.max) for limit in resolved.limits["max_tokens"]] == [
        ("agent_env", None, 1000),
        ("model", 10, 5000),
    ]


LOCKED = Rules(locks=frozenset({"temperature"}))


@pytest.mark.parametrize("above", ["agent", "env", "runtime"])
def test_no_layer_above_changes_what_the_model_locks(above: str) -> None:
    said: dict[str, Any] = {"model": {"temperature": 0.2}, "rules": LOCKED, above: {"temperature": 0.3}}
    with pytest.raises(OverrideRefused, match=r"temperature is locked by model and \w+ changes it") as raised:
        decide(**said)
    assert raised.value.code == "locked"


def test_what_an_environment_locks_binds_the_run_alone() -> None:
    resolved = decide(agent={"temperature": 0.1}, env={"temperature": 0.5}, env_rules=LOCKED)
    assert resolved.values()["temperature"] == 0.5
    assert resolved.locks == {"temperature": "agent_env"}

    with pytest.raises(OverrideRefused, match="locked by agent_env and runtime"):
        decide(env={"temperature": 0.5}, env_rules=LOCKED, runtime={"temperature": None})


def test_saying_again_what_is_locked_is_allowed() -> None:
    same = {"temperature": 0.2}
    assert decide(model=same, rules=LOCKED, agent=same, runtime=same).values() == same


def test_an_unset_setting_can_be_locked_too() -> None:
    with pytest.raises(OverrideRefused, match="locked by model"):
        decide(rules=Rules(locks=frozenset({"seed"})), runtime={"seed": 1})


@given(runtime=said, ends=st.dictionaries(st.sampled_from(("max_tokens", "timeout")), st.integers(1, 9)))
def test_the_ends_of_a_run_only_lower_and_say_what_they_beat(runtime: Any, ends: dict[str, int]) -> None:
    without: dict[str, Any] = decide(runtime=runtime).values()
    within = decide(runtime=runtime, ends=ends)

    assert within.values() == {**without, **{name: min(without.get(name, end), end) for name, end in ends.items()}}
    for name in ends:
        lowered = within.settings[name].layer == "termination"
        assert lowered == (within.values()[name] != without.get(name))
        assert not (lowered and name in runtime) or within.settings[name].beat[0].value == runtime[name]


def test_an_end_counts_for_limits() -> None:
    assert decide(rules=CAP, ends={"max_tokens": 500}).values()["max_tokens"] == 500
    with pytest.raises(OverrideRefused, match=r"max_tokens is 500 \(termination\)"):
        decide(rules=Rules(limits={"max_tokens": Limit(min=501)}), ends={"max_tokens": 500})
