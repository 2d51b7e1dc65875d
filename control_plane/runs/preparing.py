"""From a request to everything that the call needs, or to a typed error before any byte leaves."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson
from django.conf import settings
from pydantic import SecretStr

from control_plane.agents.models import Agent
from control_plane.agents.targets import Target, find_target, resolve_target
from control_plane.api.errors import ApiError
from control_plane.catalog.keys import key_identity
from control_plane.catalog.models import Model, ModelEnv, ProviderKey
from control_plane.catalog.resealing import reseal
from control_plane.products.models import Environment, Product
from control_plane.products.services import get_product
from control_plane.runs.abilities import refuse_unmet_needs
from control_plane.vault import product_keys, provider_keys
from control_plane.vault.keyring import load_keyring
from ductape.types.config import Resolved
from ductape.types.entities import LocalSettings
from ductape.types.messages import ChatMessage
from ductape.types.runs import RunCreate, RunInput
from workers.models.wires import PROVIDERS


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that may begin."""

    product: Product
    agent: Agent | None
    model_env: ModelEnv | None
    """Whose address and key the call uses; an inline model on our own hosts needs neither."""
    local: LocalSettings | None
    key: ProviderKey | None
    resolved: Resolved
    messages: list[ChatMessage]


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
    target = find_target(product, env=wanted.env, agent=wanted.agent, model=wanted.model)
    _refuse_inactive(target)
    if target.agent:
        refuse_unmet_needs(target.agent)
    model_env = _model_env(target.model, target.environment) if target.model else None
    key = _usable_key(model_env) if model_env else None
    resolved = resolve_target(target, wanted.overrides.said())
    messages = _messages(target.agent, wanted.input)
    return Prepared(product, target.agent, model_env, _local(target), key, resolved, messages)


def destination(prepared: Prepared) -> Destination:
    """Open the key, which only a runner can.

    Raises:
        SecretUnreadable: the stored key is not what was sealed for this model, environment and address.
    """
    model_env, key = prepared.model_env, prepared.key
    return Destination(
        provider=prepared.resolved.provider,
        model_name=prepared.resolved.model_name,
        base_url=model_env.base_url if model_env else None,
        local=prepared.local,
        key=_open(model_env, key) if model_env and key else None,
    )


def _refuse_inactive(target: Target) -> None:
    slug = target.environment.slug
    if not target.environment.active:
        raise _cannot_run("env_inactive", f"the environment {slug!r} is not active")
    if target.agent_env and not target.agent_env.active:
        raise _cannot_run("env_inactive", f"the agent {target.agent_env.agent.tag!r} is not active in {slug!r}")


def _model_env(model: Model, environment: Environment) -> ModelEnv:
    row = model.envs.select_related("model", "environment", "provider_key").filter(environment=environment).first()
    # Never another environment's key: what is not configured here does not run here.
    if row is None:
        raise _cannot_run("env_not_configured", f"the model {model.tag!r} is not configured in {environment.slug!r}")
    if not row.active:
        raise _cannot_run("env_inactive", f"the model {model.tag!r} is not active in {environment.slug!r}")
    return row


def _usable_key(model_env: ModelEnv) -> ProviderKey | None:
    key: ProviderKey | None = getattr(model_env, "provider_key", None)
    if key is None and PROVIDERS[model_env.model.provider].needs_key:
        raise _cannot_run("missing_api_key", f"{model_env} has no api_key; give it with model.update")
    return key


def _local(target: Target) -> LocalSettings | None:
    if target.inline:
        return (target.inline.local or LocalSettings()) if target.inline.provider == "local" else None
    local = target.model.local if target.model else None
    return LocalSettings.model_validate(local) if local else None


def _messages(agent: Agent | None, given: RunInput) -> list[ChatMessage]:
    text = given if isinstance(given, str) else orjson.dumps(given).decode()
    system: list[ChatMessage] = []
    if agent and agent.system_prompt:
        system.append({"role": "system", "content": agent.system_prompt})
    return [*system, {"role": "user", "content": text}]


def _open(model_env: ModelEnv, key: ProviderKey) -> SecretStr:
    ring = load_keyring(settings.KEYS_DIR)
    identity = key_identity(model_env, key.version)
    private = product_keys.open_private(ring, key.product_key.record, key.product_key.identity())
    opened = provider_keys.open_provider_key(ring, key.sealed, identity, private)
    if key.product_key.retiring_until is not None:
        reseal(ring, key, private)
    return opened


def _cannot_run(code: str, reason: str) -> ApiError:
    return ApiError(409, code, reason, param="env")
