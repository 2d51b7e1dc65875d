"""From a request to everything that the call needs, or to a typed error before any byte leaves."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson
from django.conf import settings
from pydantic import SecretStr

from control_plane.agents.models import Agent
from control_plane.agents.resolving import AgentLayer, ModelLayer, resolve
from control_plane.agents.services import get_agent
from control_plane.api.errors import ApiError
from control_plane.catalog.keys import key_identity
from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.catalog.services import get_model
from control_plane.products.models import Environment, Product
from control_plane.products.services import get_environment, get_product, key_row
from control_plane.vault import product_keys, provider_keys
from control_plane.vault.keyring import load_keyring
from ductape.types.config import Resolved
from ductape.types.entities import LocalSettings
from ductape.types.runs import RunCreate, RunInput
from workers.models.wires import PROVIDERS


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that may begin."""

    product: Product
    agent: Agent | None
    model_env: ModelEnv
    key: ProviderKey | None
    resolved: Resolved
    messages: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the call goes. The key is in clear: never log, store or return this."""

    provider: str
    model_name: str
    base_url: str | None
    local: LocalSettings | None
    key: SecretStr | None = field(repr=False)


def prepare(wanted: RunCreate) -> Prepared:
    """Find, check and resolve.

    Raises:
        ApiError: 404 something is not there; 409 it cannot run in this environment, with the reason.
    """
    product = get_product(wanted.product)
    environment = get_environment(product, wanted.env)
    if not environment.active:
        raise _cannot_run("env_inactive", f"the environment {wanted.env!r} is not active")
    agent = get_agent(product, wanted.agent) if wanted.agent else None
    model_env = _model_env(product, environment, agent.model_tag if agent else str(wanted.model))
    key = _usable_key(model_env)
    resolved = resolve(
        model=_model_layer(model_env),
        agent=_agent_layer(agent, environment) if agent else None,
        env=environment.slug,
        runtime=wanted.overrides.said(),
        supported=PROVIDERS[model_env.model.provider].supported,
    )
    return Prepared(product, agent, model_env, key, resolved, _messages(agent, wanted.input))


def destination(prepared: Prepared) -> Destination:
    """Open the key, which only a runner can.

    Raises:
        SecretUnreadable: the stored key is not what was sealed for this model, environment and address.
    """
    model = prepared.model_env.model
    return Destination(
        provider=model.provider,
        model_name=model.model_name,
        base_url=prepared.model_env.base_url,
        local=LocalSettings.model_validate(model.local) if model.local else None,
        key=_open(prepared.product, prepared.model_env, prepared.key) if prepared.key else None,
    )


def _model_env(product: Product, environment: Environment, tag: str) -> ModelEnv:
    model = get_model(product, tag)
    row = model.envs.select_related("model", "environment", "provider_key").filter(environment=environment).first()
    # Never another environment's key: what is not configured here does not run here.
    if row is None:
        raise _cannot_run("env_not_configured", f"the model {tag!r} is not configured in {environment.slug!r}")
    if not row.active:
        raise _cannot_run("env_inactive", f"the model {tag!r} is not active in {environment.slug!r}")
    return row


def _usable_key(model_env: ModelEnv) -> ProviderKey | None:
    key: ProviderKey | None = getattr(model_env, "provider_key", None)
    if key is None and PROVIDERS[model_env.model.provider].needs_key:
        raise _cannot_run("missing_api_key", f"{model_env} has no api_key; give it with model.update")
    return key


def _model_layer(model_env: ModelEnv) -> ModelLayer:
    model = model_env.model
    return ModelLayer(tag=model.tag, provider=model.provider, model_name=model.model_name, said=model.settings)


def _agent_layer(agent: Agent, environment: Environment) -> AgentLayer:
    row = agent.envs.filter(environment=environment).first()
    if row is None:
        return AgentLayer(said=agent.overrides)
    if not row.active:
        raise _cannot_run("env_inactive", f"the agent {agent.tag!r} is not active in {environment.slug!r}")
    return AgentLayer(said=agent.overrides, envs={environment.slug: row.overrides})


def _messages(agent: Agent | None, given: RunInput) -> list[dict[str, str]]:
    text = given if isinstance(given, str) else orjson.dumps(given).decode()
    system = [{"role": "system", "content": agent.system_prompt}] if agent and agent.system_prompt else []
    return [*system, {"role": "user", "content": text}]


def _open(product: Product, model_env: ModelEnv, key: ProviderKey) -> SecretStr:
    ring = load_keyring(settings.KEYS_DIR)
    identity = key_identity(model_env, key.version)
    pk_id = provider_keys.pk_id_of(ring, key.sealed, identity)
    product_key = product.keys.get(pk_id=pk_id)
    private = product_keys.open_private(ring, product_key.record, key_row(product, pk_id))
    return provider_keys.open_provider_key(ring, key.sealed, identity, private)


def _cannot_run(code: str, reason: str) -> ApiError:
    return ApiError(409, code, reason, param="env")
