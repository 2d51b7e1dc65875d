"""What a run in an environment would use, from the rows that say so."""

from __future__ import annotations

from dataclasses import dataclass

from control_plane.agents.models import Agent, AgentEnv
from control_plane.agents.resolving import (
    AgentEnvLayer,
    AgentLayer,
    ModelLayer,
    OverrideRefused,
    Rules,
    Said,
    resolve,
)
from control_plane.agents.services import get_agent
from control_plane.api.errors import ApiError
from control_plane.catalog.models import Model
from control_plane.catalog.services import get_model
from control_plane.products.models import Environment, Product
from control_plane.products.services import get_environment
from ductape.types.config import Limit, Resolved
from workers.models.wires import PROVIDERS


@dataclass(frozen=True, slots=True)
class Target:
    """A model in an environment, by itself or as an agent uses it."""

    product: Product
    environment: Environment
    model: Model
    agent: Agent | None = None
    agent_env: AgentEnv | None = None


def find_target(product: Product, *, env: str, agent: str | None, model: str | None) -> Target:
    """Raises: ApiError: 404 the environment, the agent or its model is not there."""
    environment = get_environment(product, env)
    if agent is None:
        return Target(product, environment, get_model(product, str(model)))
    row = get_agent(product, agent)
    agent_env = row.envs.filter(environment=environment).first()
    tag = (agent_env.model_tag if agent_env else "") or row.model_tag
    return Target(product, environment, get_model(product, tag), row, agent_env)


def resolve_target(target: Target, runtime: Said) -> Resolved:
    """Raises: ApiError: 422 `limit_exceeded` or `locked`."""
    model = target.model
    try:
        return resolve(
            model=ModelLayer(model.tag, model.provider, model.model_name, model.settings, _rules(model)),
            agent=_agent_layer(target),
            env=target.environment.slug,
            runtime=runtime,
            supported=PROVIDERS[model.provider].supported,
        )
    except OverrideRefused as refused:
        raise ApiError(422, refused.code, str(refused), param=f"model_config.{refused.setting}") from None


def _agent_layer(target: Target) -> AgentLayer | None:
    if target.agent is None:
        return None
    row = target.agent_env
    envs = {target.environment.slug: AgentEnvLayer(row.overrides, _rules(row))} if row else {}
    return AgentLayer(target.agent.overrides, envs)


def _rules(row: Model | AgentEnv) -> Rules:
    limits = {name: Limit.model_validate(limit) for name, limit in row.limits.items()}
    return Rules(limits, frozenset(row.locks))
