"""Which value wins: a pure function over what the four layers say."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from pydantic import JsonValue

from ductape.types.config import DEFAULT_TEMPERATURE, Beaten, ConfigOverrides, Layer, Resolved, ResolvedSetting

Said = Mapping[str, JsonValue]
"""What one layer says: a setting that is absent is unset; None says "send nothing"."""

_DEFAULTS: Said = {"temperature": DEFAULT_TEMPERATURE}


@dataclass(frozen=True, slots=True)
class ModelLayer:
    tag: str
    provider: str
    model_name: str
    said: Said


@dataclass(frozen=True, slots=True)
class AgentLayer:
    said: Said
    envs: Mapping[str, Said] = field(default_factory=dict)
    """By environment slug."""


def resolve(*, model: ModelLayer, agent: AgentLayer | None, env: str, runtime: Said, supported: Set[str]) -> Resolved:
    """Decide every setting of a call: runtime > agent env > agent > model, key by key.

    Args:
        supported: the settings that the model's provider can take; others that somebody set are listed as dropped.
    """
    layers: list[tuple[Layer, Said]] = [
        ("runtime", runtime),
        ("agent_env", agent.envs.get(env, {}) if agent else {}),
        ("agent", agent.said if agent else {}),
        ("model", model.said),
        ("default", _DEFAULTS),
    ]
    settings = {name: setting for name in ConfigOverrides.model_fields if (setting := _decide(name, layers))}
    return Resolved(
        model=model.tag,
        provider=model.provider,
        model_name=model.model_name,
        env=env,
        settings=settings,
        dropped=[name for name, setting in settings.items() if setting.value is not None and name not in supported],
    )


def _decide(name: str, layers: list[tuple[Layer, Said]]) -> ResolvedSetting | None:
    saying = [(layer, said[name]) for layer, said in layers if name in said]
    if not saying:
        return None
    (winner, value), *losers = saying
    beat = [Beaten(layer=layer, value=lost) for layer, lost in losers]
    return ResolvedSetting(value=value, layer=winner, beat=beat)
