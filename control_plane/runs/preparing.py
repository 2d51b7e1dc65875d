"""From a request to everything that the call needs, or to a typed error before any byte leaves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast
from uuid import UUID

import orjson
from django.conf import settings
from pydantic import SecretStr

from control_plane.agents.models import Agent
from control_plane.agents.targets import Target, find_target, resolve_target
from control_plane.api.errors import ApiError
from control_plane.catalog.keys import key_identity, with_active_key
from control_plane.catalog.models import Model, ModelEnv, ProviderKey
from control_plane.catalog.resealing import reseal
from control_plane.catalog.services import get_model
from control_plane.products.models import Environment, Product
from control_plane.products.services import get_product
from control_plane.runs.abilities import refuse_unmet_needs
from control_plane.vault import product_keys, provider_keys
from control_plane.vault.keyring import load_keyring
from ductape.types.config import Reason, Resolved, ResolvedFallback
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
    fallbacks: list[Prepared | PassedOver] = field(default_factory=list)

    @property
    def tag(self) -> str:
        return self.resolved.model or self.resolved.model_name


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A fallback that cannot be called, and why."""

    tag: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the call goes. The key is in clear: never log, store or return this."""

    model_env_id: UUID | None
    """Whose address and key it is, of which workspace and environment."""
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
    model_env = usable_env(target.model, target.environment) if target.model else None
    key = usable_key(model_env) if model_env else None
    resolved = resolve_target(target, wanted.overrides.said())
    messages = _messages(target.agent, wanted.input)
    fallbacks = [_prepare_fallback(target, fallback, messages) for fallback in resolved.fallbacks]
    return Prepared(product, target.agent, model_env, _local(target), key, resolved, messages, fallbacks)


def destination(prepared: Prepared) -> Destination:
    """Open the key, which only a runner can.

    Raises:
        SecretUnreadable: the stored key is not what was sealed for this model, environment and address.
    """
    model_env, key = prepared.model_env, prepared.key
    return Destination(
        model_env_id=model_env.id if model_env else None,
        provider=prepared.resolved.provider,
        model_name=prepared.resolved.model_name,
        base_url=model_env.base_url if model_env else None,
        local=prepared.local,
        key=_open(model_env, key) if model_env and key else None,
    )


def destination_of(model_env: ModelEnv, key: ProviderKey | None) -> Destination:
    """Where calls of a model in an environment go, with one of its keys.

    Raises:
        SecretUnreadable: as `destination`.
    """
    model = model_env.model
    return Destination(
        provider=model.provider,
        model_name=model.model_name,
        base_url=model_env.base_url,
        local=LocalSettings.model_validate(model.local) if model.local else None,
        key=_open(model_env, key) if key else None,
        model_env_id=model_env.id,
    )


def _prepare_fallback(target: Target, way: ResolvedFallback, messages: list[ChatMessage]) -> Prepared | PassedOver:
    if way.resolved is None:
        return PassedOver(way.model, cast(Reason, way.reason))
    try:
        model = get_model(target.product, way.model)
        model_env = usable_env(model, target.environment)
        local = _local(replace(target, model=model))
        key = usable_key(model_env)
        return Prepared(target.product, target.agent, model_env, local, key, way.resolved, messages)
    except ApiError as error:
        return PassedOver(way.model, Reason(code=error.code, message=error.message))


def usable_env(model: Model, environment: Environment) -> ModelEnv:
    """Raises: ApiError: 409 it is not configured, or something is not active."""
    _refuse_inactive_env(environment)
    rows = with_active_key(model.envs.select_related("model__product", "environment"))
    row = rows.filter(environment=environment).first()
    # Never another environment's key: what is not configured here does not run here.
    if row is None:
        raise _cannot_run("env_not_configured", f"the model {model.tag!r} is not configured in {environment.slug!r}")
    if not row.active:
        raise _cannot_run("env_inactive", f"the model {model.tag!r} is not active in {environment.slug!r}")
    return row


def usable_key(model_env: ModelEnv) -> ProviderKey | None:
    """The active key. Raises: ApiError: 409 there is none and the provider needs one."""
    if model_env.active_key is None and PROVIDERS[model_env.model.provider].needs_key:
        raise _cannot_run("missing_api_key", f"{model_env} has no api_key; give it with model.update")
    return model_env.active_key


def _refuse_inactive(target: Target) -> None:
    _refuse_inactive_env(target.environment)
    if target.agent_env and not target.agent_env.active:
        slug = target.environment.slug
        raise _cannot_run("env_inactive", f"the agent {target.agent_env.agent.tag!r} is not active in {slug!r}")


def _refuse_inactive_env(environment: Environment) -> None:
    if not environment.active:
        raise _cannot_run("env_inactive", f"the environment {environment.slug!r} is not active")


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
    private = product_keys.open_private(ring, key.pair.record, key.pair.identity())
    opened = provider_keys.open_provider_key(ring, key.sealed, identity, private)
    if key.pair.retiring_until is not None:
        reseal(ring, key, private)
    return opened


def _cannot_run(code: str, reason: str) -> ApiError:
    return ApiError(409, code, reason, param="env")
