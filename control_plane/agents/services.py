from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from control_plane.agents.models import Agent, AgentEnv
from control_plane.api.errors import not_found
from control_plane.api.versions import refuse_other_version
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.services import as_json
from control_plane.products.models import Product
from control_plane.products.services import named_environments
from control_plane.versions.services import record
from ductape.types.entities import AgentDefine, AgentEnvInput
from ductape.types.filters import AgentFilter


def get_agent(product: Product, tag: str) -> Agent:
    """Raises: ApiError: 404."""
    agent = product.agents.filter(tag=tag).first()
    if agent is None:
        raise not_found("agent", tag)
    return agent


def find_agents(product: Product, wanted: AgentFilter) -> QuerySet[Agent]:
    return product.agents.all() if wanted.model is None else _using(product, wanted.model)


@transaction.atomic
def define_agent(*, product: Product, wanted: AgentDefine, author: str, if_version: int | None = None) -> Agent:
    """Create the agent, or make the existing one what is given, as a new version.

    Raises:
        ApiError: 412 the agent is not at `if_version`; 422 an environment is unknown or given twice.
    """
    # The product's row is the lock: two first definitions of one tag must not race.
    Product.objects.select_for_update().get(pk=product.pk)
    agent = product.agents.filter(tag=wanted.tag).first()
    refuse_other_version("agent", wanted.tag, present=agent.version if agent else 0, expected=if_version)
    if agent is None:
        agent = Agent(workspace_id=product.workspace_id, product=product, tag=wanted.tag)
    agent.name = wanted.name or wanted.tag
    agent.description = wanted.description
    agent.model_tag = wanted.model
    agent.overrides = wanted.overrides.said()
    agent.system_prompt = wanted.system_prompt
    agent.save()
    _replace_envs(agent, wanted.envs)
    record(agent, content_of(agent), author=author, message=wanted.message)
    return agent


@transaction.atomic
def delete_agent(*, product: Product, tag: str) -> None:
    agent = get_agent(product, tag)
    gone = agent.subject
    agent.delete()
    write_entry(Action.AGENT_DELETED, gone)


def agents_using(product: Product, model_tag: str) -> list[str]:
    return list(_using(product, model_tag).values_list("tag", flat=True))


def content_of(agent: Agent) -> dict[str, Any]:
    """All that a version keeps."""
    return {
        "name": agent.name,
        "description": agent.description,
        "model": agent.model_tag,
        "model_config": agent.overrides,
        "system_prompt": agent.system_prompt,
        "envs": {
            env.environment.slug: {
                "active": env.active,
                "model": env.model_tag or None,
                "model_config": env.overrides,
                "limits": env.limits,
                "locks": env.locks,
            }
            for env in agent.envs.select_related("environment")
        },
    }


def redefinition(tag: str, content: dict[str, Any], message: str = "") -> AgentDefine:
    """The definition that makes an agent's content this one."""
    envs = [{"slug": slug, **env} for slug, env in content["envs"].items()]
    return AgentDefine.model_validate({**content, "tag": tag, "envs": envs, "message": message})


def _using(product: Product, model_tag: str) -> QuerySet[Agent]:
    return product.agents.filter(Q(model_tag=model_tag) | Q(envs__model_tag=model_tag)).distinct()


def _replace_envs(agent: Agent, wanted: list[AgentEnvInput]) -> None:
    environments = named_environments(agent.product, [env.slug for env in wanted])
    agent.envs.all().delete()
    for env in wanted:
        AgentEnv.objects.create(
            workspace_id=agent.workspace_id,
            agent=agent,
            environment=environments[env.slug],
            active=env.active,
            model_tag=env.model or "",
            overrides=env.overrides.said(),
            limits=as_json(env.limits),
            locks=sorted(env.locks),
        )
