from __future__ import annotations

from typing import Any

from ductape import Ductape
from ductape.declared.document import Entry
from ductape.types.agents import Agent, AgentEnv
from ductape.types.entities import Model, ModelEnv, Product


def export(client: Ductape, product: str) -> dict[str, Any]:
    """A product as a document. Keys are references to variables that whoever applies it sets."""
    found = client.product.fetch(tag=product)
    return {
        "product": _product(found),
        "models": [_model(model) for model in client.model.fetch_all(product=product)],
        "agents": [_agent(agent) for agent in client.agents.fetch_all(product=product)],
    }


def reference(model: str, env: str) -> str:
    """The variable for a key: `gpt-5` in `prd` -> `${GPT_5_PRD_API_KEY}`."""
    name = f"{model}_{env}_api_key".upper().replace("-", "_")
    return f"${{{name}}}"


def _product(product: Product) -> Entry:
    envs = [env.model_dump(include={"slug", "name", "description", "active"}) for env in product.envs]
    return {"tag": product.tag, "name": product.name, "description": product.description, "envs": envs}


def _model(model: Model) -> Entry:
    entry = model.model_dump(mode="json", include={"tag", "name", "description", "provider", "model"})
    optional = model.model_dump(mode="json", include={"local", "limits", "locks", "fallback"}, exclude_none=True)
    envs = [_env(model.tag, env) for env in model.envs]
    return {**entry, **model.settings, **{name: value for name, value in optional.items() if value}, "envs": envs}


def _env(model: str, env: ModelEnv) -> Entry:
    entry: Entry = {"slug": env.slug, "active": env.active, "description": env.description}
    if env.base_url is not None:
        entry["base_url"] = env.base_url
    if env.api_key.set:
        entry["api_key"] = reference(model, env.slug)
    return entry


def _agent(agent: Agent) -> Entry:
    entry = agent.model_dump(
        mode="json", by_alias=True, include={"tag", "name", "description", "model", "overrides", "system_prompt"}
    )
    optional = agent.model_dump(mode="json", include={"tools", "termination", "memory", "human_in_loop"})
    said = {name: value for name, value in optional.items() if value}
    return {**entry, **said, "envs": [_agent_env(env) for env in agent.envs]}


def _agent_env(env: AgentEnv) -> Entry:
    entry = env.model_dump(mode="json", by_alias=True, exclude={"model", "limits", "locks"})
    rules = env.model_dump(mode="json", include={"model", "limits", "locks"}, exclude_none=True)
    return {**entry, **{name: value for name, value in rules.items() if value}}
