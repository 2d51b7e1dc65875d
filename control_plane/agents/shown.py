from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from control_plane.agents.models import Agent, AgentEnv
from control_plane.products.models import Product
from control_plane.workspaces.reach import current_reach
from ductape.types import agents


def with_envs(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """For lists: the environments of all in one query."""
    return agents.prefetch_related(_envs())


def agents_of(product: Product) -> Callable[[Agent], agents.Agent]:
    """For lists: what there is to warn of is read once for all."""
    providers = dict(product.models.values_list("tag", "provider"))
    return lambda row: _agent(row, providers)


def agent(row: Agent) -> agents.Agent:
    prefetch_related_objects([row], _envs())
    return agents_of(row.product)(row)


def _agent(row: Agent, providers: Mapping[str, str]) -> agents.Agent:
    envs: list[AgentEnv] = row.visible_envs  # type: ignore[attr-defined]  # set by the prefetch
    saying: list[Agent | AgentEnv] = [row, *envs]
    return agents.Agent(
        id=str(row.id),
        tag=row.tag,
        name=row.name,
        description=row.description,
        model=row.inline_model or row.model_tag,
        overrides=row.overrides,
        system_prompt=row.system_prompt,
        tools=row.tools,
        termination=row.termination,
        memory=row.memory,
        human_in_loop=row.human_in_loop,
        envs=[_env(env) for env in envs],
        version=row.version,
        warnings=list(dict.fromkeys(warning for each in saying for warning in _warnings(each, providers))),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _envs() -> Prefetch[Any, Any, Any]:
    """Those that the caller may see."""
    visible = AgentEnv.objects.filter(current_reach().in_envs("environment__slug"))
    return Prefetch("envs", visible.select_related("environment").order_by("environment_id"), to_attr="visible_envs")


def _env(row: AgentEnv) -> agents.AgentEnv:
    return agents.AgentEnv(
        slug=row.environment.slug,
        active=row.active,
        model=row.inline_model or row.model_tag or None,
        overrides=row.overrides,
        limits=row.limits,
        locks=row.locks,
    )


def _warnings(row: Agent | AgentEnv, providers: Mapping[str, str]) -> Iterator[str]:
    if not row.model_tag:
        return
    provider = providers.get(row.model_tag)
    if provider is None:
        yield f"there is no model {row.model_tag!r} yet; runs fail until it is created"
    elif row.inline_model and row.inline_model["provider"] != provider:
        yield f"the model {row.model_tag!r} is of {provider!r} and lends an inline model of another provider no key"
