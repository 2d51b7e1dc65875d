from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from control_plane.agents.models import Agent, AgentEnv
from control_plane.api.errors import not_found
from control_plane.api.versions import refuse_other_version
from control_plane.products.models import Product
from control_plane.products.services import named_environments
from ductape.types.entities import AgentDefine, AgentEnvInput
from ductape.types.filters import AgentFilter


def get_agent(product: Product, tag: str) -> Agent:
    """Raises: ApiError: 404."""
    agent = product.agents.filter(tag=tag).first()
    if agent is None:
        raise not_found("agent", tag)
    return agent


def find_agents(product: Product, wanted: AgentFilter) -> QuerySet[Agent]:
    found = product.agents.all()
    return found if wanted.model is None else found.filter(model_tag=wanted.model)


@transaction.atomic
def define_agent(*, product: Product, wanted: AgentDefine, if_version: int | None = None) -> Agent:
    """Create the agent, or make the existing one what is given; its version grows.

    Raises:
        ApiError: 412 the agent is not at `if_version`; 422 an environment is unknown or given twice.
    """
    # The product's row is the lock: two first definitions of one tag must not race.
    Product.objects.select_for_update().get(pk=product.pk)
    agent = product.agents.filter(tag=wanted.tag).first()
    if agent is None:
        agent = Agent(workspace_id=product.workspace_id, product=product, tag=wanted.tag, version=0)
    refuse_other_version("agent", wanted.tag, present=agent.version, expected=if_version)
    agent.name = wanted.name or wanted.tag
    agent.description = wanted.description
    agent.model_tag = wanted.model
    agent.overrides = wanted.overrides.said()
    agent.system_prompt = wanted.system_prompt
    agent.version += 1
    agent.save()
    _replace_envs(agent, wanted.envs)
    return agent


@transaction.atomic
def delete_agent(*, product: Product, tag: str) -> None:
    get_agent(product, tag).delete()


def agents_using(product: Product, model_tag: str) -> list[str]:
    return list(product.agents.filter(model_tag=model_tag).values_list("tag", flat=True))


def _replace_envs(agent: Agent, wanted: list[AgentEnvInput]) -> None:
    environments = named_environments(agent.product, [env.slug for env in wanted])
    agent.envs.all().delete()
    for env in wanted:
        AgentEnv.objects.create(
            workspace_id=agent.workspace_id,
            agent=agent,
            environment=environments[env.slug],
            active=env.active,
            overrides=env.overrides.said(),
        )
