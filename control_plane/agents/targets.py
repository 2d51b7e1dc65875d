"""What a run in an environment would use, from the rows that say so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from control_plane.agents.models import Agent, AgentEnv
from control_plane.agents.resolving import (
    AgentEnvLayer,
    AgentLayer,
    ModelLayer,
    OverrideRefused,
    Rules,
    Said,
    borrow,
    resolve,
)
from control_plane.agents.services import get_agent
from control_plane.api.errors import ApiError
from control_plane.catalog.models import Model
from control_plane.catalog.parameters import check_parameters
from control_plane.catalog.services import get_model
from control_plane.products.models import Environment, Product
from control_plane.products.services import get_environment
from ductape.types.agents import InlineModel
from ductape.types.config import Limit, Reason, Resolved, ResolvedFallback
from workers.models.wires import PROVIDERS


@dataclass(frozen=True, slots=True)
class Target:
    """A model in an environment, by itself or as an agent uses it."""

    product: Product
    environment: Environment
    model: Model | None
    """Beside an inline model: the one whose key it uses, if it uses any."""
    agent: Agent | None = None
    agent_env: AgentEnv | None = None
    inline: InlineModel | None = None


def find_target(product: Product, *, env: str, agent: str | None, model: str | None) -> Target:
    """
    Raises:
        ApiError: 404 the environment, the agent or its model is not there; 409 `inline_model_mismatch`: an inline model
            and the one whose key it uses are of different providers.
    """
    environment = get_environment(product, env)
    if agent is None:
        return Target(product, environment, get_model(product, str(model)))
    row = get_agent(product, agent)
    agent_env = row.envs.filter(environment=environment).first()
    saying = agent_env if agent_env and (agent_env.model_tag or agent_env.inline_model) else row
    found = get_model(product, saying.model_tag) if saying.model_tag else None
    inline = InlineModel.model_validate(saying.inline_model) if saying.inline_model else None
    if inline and found:
        _refuse_other_provider(inline, found)
    return Target(product, environment, found, row, agent_env, inline)


def resolve_target(target: Target, runtime: Said) -> Resolved:
    """
    Raises:
        ApiError: 422 `limit_exceeded`, `locked` or `unsupported_parameter`; of a fallback the reason to pass over it.
    """
    resolved = _resolve_alone(target, runtime)
    # An inline model borrows a key and nothing else: it names no fallbacks.
    if target.model is None or target.inline or not target.model.fallback:
        return resolved
    fallbacks = [_resolve_fallback(target, tag, runtime) for tag in target.model.fallback["models"]]
    return resolved.model_copy(update={"fallbacks": fallbacks})


def _resolve_fallback(target: Target, tag: str, runtime: Said) -> ResolvedFallback:
    try:
        other = replace(target, model=get_model(target.product, tag))
        return ResolvedFallback(model=tag, resolved=_resolve_alone(other, runtime))
    except ApiError as error:
        return ResolvedFallback(model=tag, reason=Reason(code=error.code, message=error.message))


def _resolve_alone(target: Target, runtime: Said) -> Resolved:
    try:
        model = _model_layer(target)
        resolved = resolve(
            model=model,
            agent=_agent_layer(target),
            env=target.environment.slug,
            runtime=runtime,
            supported=PROVIDERS[model.provider].takes(model.model_name),
        )
    except OverrideRefused as refused:
        raise ApiError(422, refused.code, str(refused), param=f"model_config.{refused.setting}") from None
    check_parameters(model.provider, resolved.values().get("parameters"), param="model_config.parameters")
    return resolved.model_copy(update={"inline": target.inline is not None})


def _refuse_other_provider(inline: InlineModel, lender: Model) -> None:
    # A key goes where it was sealed for, and nowhere else.
    if inline.provider != lender.provider:
        message = (
            f"the inline model is of {inline.provider!r} and {lender.tag!r}, whose key it uses, of {lender.provider!r}:"
            " name a model of the same provider in key_from"
        )
        raise ApiError(409, "inline_model_mismatch", message, param="model.key_from")


def _model_layer(target: Target) -> ModelLayer:
    model, inline = target.model, target.inline
    if model is None:
        assert inline is not None
        return ModelLayer("", inline.provider, inline.model, inline.said())
    layer = ModelLayer(model.tag, model.provider, model.model_name, model.settings, _rules(model))
    return borrow(layer, model_name=inline.model, said=inline.said()) if inline else layer


def _agent_layer(target: Target) -> AgentLayer | None:
    if target.agent is None:
        return None
    row = target.agent_env
    envs = {target.environment.slug: AgentEnvLayer(row.overrides, _rules(row))} if row else {}
    ends = {name: end for name in ("max_tokens", "timeout") if (end := target.agent.termination.get(name))}
    return AgentLayer(target.agent.overrides, envs, ends)


def _rules(row: Model | AgentEnv) -> Rules:
    limits = {name: Limit.model_validate(limit) for name, limit in row.limits.items()}
    return Rules(limits, frozenset(row.locks))
