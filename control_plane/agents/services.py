from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from control_plane.agents.models import Agent, AgentEnv
from control_plane.agents.tools import check_tools
from control_plane.api.errors import not_found
from control_plane.api.versions import refuse_other_version
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.services import as_json
from control_plane.products.models import Product
from control_plane.products.services import lock_product, named_environments
from control_plane.versions.services import record
from ductape.types.agents import AgentDefine, AgentEnvInput, InlineModel
from ductape.types.base import Input
from ductape.types.filters import AgentFilter

_WHERE_SAID = ("tools", "termination", "memory", "human_in_loop")


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
        ApiError: 412 the agent is not at `if_version`; 422 an environment is unknown or given twice, or the
            parameters of a tool are no JSON Schema.
    """
    check_tools(wanted.tools)
    # Two first definitions of one tag must not race.
    lock_product(product.tag)
    agent = product.agents.filter(tag=wanted.tag).first()
    refuse_other_version("agent", wanted.tag, present=agent.version if agent else 0, expected=if_version)
    if agent is None:
        agent = Agent(workspace_id=product.workspace_id, product=product, tag=wanted.tag)
    agent.name = wanted.name or wanted.tag
    agent.description = wanted.description
    agent.model_tag, agent.inline_model = _model(wanted.model)
    agent.overrides = wanted.overrides.said()
    agent.system_prompt = wanted.system_prompt
    agent.tools = [_said(tool) for tool in wanted.tools]
    agent.termination = _said(wanted.termination)
    agent.memory = _said(wanted.memory)
    agent.human_in_loop = _said(wanted.human_in_loop)
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
    # Left out where nothing is said, so that versions from before there were such fields do not differ by them.
    rest = {name: said for name in _WHERE_SAID if (said := getattr(agent, name))}
    return {
        **rest,
        "name": agent.name,
        "description": agent.description,
        "model": agent.inline_model or agent.model_tag,
        "model_config": agent.overrides,
        "system_prompt": agent.system_prompt,
        "envs": {
            env.environment.slug: {
                "active": env.active,
                "model": env.inline_model or env.model_tag or None,
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
        model_tag, inline_model = _model(env.model)
        AgentEnv.objects.create(
            workspace_id=agent.workspace_id,
            agent=agent,
            environment=environments[env.slug],
            active=env.active,
            model_tag=model_tag,
            inline_model=inline_model,
            overrides=env.overrides.said(),
            limits=as_json(env.limits),
            locks=sorted(env.locks),
        )


def _model(wanted: str | InlineModel | None) -> tuple[str, dict[str, Any] | None]:
    """The tag to keep, and the inline model."""
    if isinstance(wanted, InlineModel):
        return wanted.key_from or "", _said(wanted)
    return wanted or "", None


def _said(wanted: Input) -> dict[str, Any]:
    return wanted.model_dump(mode="json", by_alias=True, exclude_unset=True)
