"""Which value wins, and whether it may: a pure function over what the four layers say."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from ductape.types.config import (
    DEFAULT_TEMPERATURE,
    Beaten,
    ConfigOverrides,
    Layer,
    Limit,
    LimitBy,
    Resolved,
    ResolvedSetting,
)

Said = Mapping[str, JsonValue]
"""What one layer says: a setting that is absent is unset; None says "send nothing"."""

_DEFAULTS: Said = {"temperature": DEFAULT_TEMPERATURE}


class OverrideRefused(Exception):
    """A value is beyond a limit or changes what is locked. The message names the layer that forbids it."""

    def __init__(self, code: str, setting: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.setting = setting


@dataclass(frozen=True, slots=True)
class Rules:
    """What a layer forbids."""

    limits: Mapping[str, Limit] = field(default_factory=dict)
    locks: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelLayer:
    tag: str
    provider: str
    model_name: str
    said: Said
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class AgentEnvLayer:
    said: Said = field(default_factory=dict)
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class AgentLayer:
    said: Said
    envs: Mapping[str, AgentEnvLayer] = field(default_factory=dict)
    """By environment slug."""
    ends: Mapping[str, int] = field(default_factory=dict)
    """What a run has in all, of `max_tokens` and `timeout`: a single call cannot have more."""


def resolve(*, model: ModelLayer, agent: AgentLayer | None, env: str, runtime: Said, supported: Set[str]) -> Resolved:
    """Decide every setting of a call: runtime > agent env > agent > model, key by key.

    Args:
        supported: the settings that the model's provider can take; others that somebody set are listed as dropped.

    Raises:
        OverrideRefused: `limit_exceeded` or `locked`. A value is never changed in silence.
    """
    agent_env = agent.envs.get(env, AgentEnvLayer()) if agent else AgentEnvLayer()
    layers: dict[Layer, Said] = {
        "runtime": runtime,
        "agent_env": agent_env.said,
        "agent": agent.said if agent else {},
        "model": model.said,
        "default": _DEFAULTS,
    }
    rules: dict[Layer, Rules] = {"agent_env": agent_env.rules, "model": model.rules}
    settings = {name: setting for name in ConfigOverrides.model_fields if (setting := _decide(name, layers))}
    settings |= {name: _within(settings.get(name), end) for name, end in (agent.ends if agent else {}).items()}
    resolved = Resolved(
        model=model.tag,
        provider=model.provider,
        model_name=model.model_name,
        env=env,
        settings=settings,
        limits=_limits(rules),
        locks={name: layer for layer, rule in rules.items() for name in sorted(rule.locks)},
        dropped=[name for name, setting in settings.items() if setting.value is not None and name not in supported],
    )
    _refuse_beyond_limits(resolved)
    _refuse_changes_of_locked(layers, rules)
    return resolved


def borrow(lender: ModelLayer, *, model_name: str, said: Said) -> ModelLayer:
    """An inline model in the place of the one whose key it uses: a name and settings of its own, the lender's rules.

    Raises:
        OverrideRefused: `locked`.
    """
    for name in sorted(lender.rules.locks & said.keys()):
        if said[name] != lender.said.get(name, _DEFAULTS.get(name)):
            message = f"{name} is locked by the model {lender.tag!r} and the inline model that uses its key changes it"
            raise OverrideRefused("locked", name, message)
    held = {name: value for name, value in lender.said.items() if name in lender.rules.locks}
    return replace(lender, model_name=model_name, said={**said, **held})


def _decide(name: str, layers: Mapping[Layer, Said]) -> ResolvedSetting | None:
    saying = [(layer, said[name]) for layer, said in layers.items() if name in said]
    if not saying:
        return None
    (winner, value), *losers = saying
    beat = [Beaten(layer=layer, value=lost) for layer, lost in losers]
    return ResolvedSetting(value=value, layer=winner, beat=beat)


def _within(setting: ResolvedSetting | None, end: int) -> ResolvedSetting:
    if setting is None:
        return ResolvedSetting(value=end, layer="termination")
    if isinstance(setting.value, int) and setting.value <= end:
        return setting
    beat = [Beaten(layer=setting.layer, value=setting.value), *setting.beat]
    return ResolvedSetting(value=end, layer="termination", beat=beat)


def _limits(rules: Mapping[Layer, Rules]) -> dict[str, list[LimitBy]]:
    limits: dict[str, list[LimitBy]] = {}
    for layer, rule in rules.items():
        for name, limit in rule.limits.items():
            limits.setdefault(name, []).append(LimitBy(layer=layer, min=limit.min, max=limit.max))
    return limits


def _refuse_beyond_limits(resolved: Resolved) -> None:
    for name, limits in resolved.limits.items():
        for limit in limits:
            _refuse_beyond(name, resolved.settings.get(name), limit)


def _refuse_beyond(name: str, setting: ResolvedSetting | None, limit: LimitBy) -> None:
    allowed = f"{_in_words(limit)} ({limit.layer})"
    if setting is None or not isinstance(setting.value, int | float):
        message = f"{name} must be {allowed}, so it needs a value: set one"
        raise OverrideRefused("limit_exceeded", name, message)
    too_low = limit.min is not None and setting.value < limit.min
    too_high = limit.max is not None and setting.value > limit.max
    if too_low or too_high:
        message = f"{name} is {setting.value} ({setting.layer}) and must be {allowed}"
        raise OverrideRefused("limit_exceeded", name, message)


def _in_words(limit: LimitBy) -> str:
    if limit.min is None:
        return f"at most {limit.max:g}"
    return f"at least {limit.min:g}" if limit.max is None else f"from {limit.min:g} to {limit.max:g}"


def _refuse_changes_of_locked(layers: Mapping[Layer, Said], rules: Mapping[Layer, Rules]) -> None:
    order = list(layers)
    for locker, rule in rules.items():
        above, below = order[: order.index(locker)], order[order.index(locker) :]
        for name in sorted(rule.locks):
            held = next((layers[layer][name] for layer in below if name in layers[layer]), None)
            for layer in above:
                if name in layers[layer] and layers[layer][name] != held:
                    raise OverrideRefused("locked", name, f"{name} is locked by {locker} and {layer} changes it")
