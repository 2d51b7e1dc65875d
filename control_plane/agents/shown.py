from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from control_plane.agents.models import Agent, AgentEnv
from control_plane.workspaces.reach import current_reach
from ductape.types import entities


def with_envs(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """For lists: the environments of all in one query."""
    return agents.prefetch_related(_envs())


def agent(row: Agent) -> entities.Agent:
    # Does nothing for a row that comes from `with_envs`.
    prefetch_related_objects([row], _envs())
    return entities.Agent(
        id=str(row.id),
        tag=row.tag,
        name=row.name,
        description=row.description,
        model=row.model_tag,
        overrides=row.overrides,
        system_prompt=row.system_prompt,
        envs=[_env(env) for env in row.visible_envs],  # type: ignore[attr-defined]  # set by the prefetch
        version=row.version,
        warnings=_warnings(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _envs() -> Prefetch[Any, Any, Any]:
    """Those that the caller may see."""
    visible = AgentEnv.objects.filter(current_reach().in_envs("environment__slug"))
    return Prefetch("envs", visible.select_related("environment").order_by("environment_id"), to_attr="visible_envs")


def _env(row: AgentEnv) -> entities.AgentEnv:
    return entities.AgentEnv(
        slug=row.environment.slug,
        active=row.active,
        model=row.model_tag or None,
        overrides=row.overrides,
        limits=row.limits,
        locks=row.locks,
    )


def _warnings(row: Agent) -> list[str]:
    if row.product.models.filter(tag=row.model_tag).exists():
        return []
    return [f"there is no model {row.model_tag!r} yet; runs fail until it is created"]
