from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from control_plane.api.errors import ApiError, already_exists, beyond_binding, not_found
from control_plane.api.versions import refuse_other_version
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.envs import merge_envs, refuse_keys_sealed_elsewhere, remove_env
from control_plane.catalog.keys import with_active_key
from control_plane.catalog.models import Model
from control_plane.catalog.parameters import check_parameters
from control_plane.catalog.users import users_of
from control_plane.products.models import Product
from control_plane.products.services import get_environment
from control_plane.versions.services import record
from control_plane.workspaces.reach import current_reach
from ductape.types.config import Limit, LimitedSetting
from ductape.types.entities import LocalSettings, ModelCreate, ModelUpdate
from ductape.types.fallbacks import Fallback
from ductape.types.filters import ModelFilter


def get_model(product: Product, tag: str) -> Model:
    """Raises: ApiError: 404."""
    model = product.models.filter(tag=tag).first()
    if model is None:
        raise not_found("model", tag)
    return model


def find_models(product: Product, wanted: ModelFilter) -> QuerySet[Model]:
    """Raises: ApiError: 404 no such environment."""
    found = product.models.all()
    if wanted.provider is not None:
        found = found.filter(provider=wanted.provider)
    if wanted.env is not None:
        found = found.filter(envs__environment=get_environment(product, wanted.env))
    return found


@transaction.atomic
def create_model(*, product: Product, wanted: ModelCreate, author: str) -> Model:
    """Register a model with its environments and sealed keys.

    Raises:
        ApiError: 409 the tag is taken; 422 an environment is unknown, given twice, or lacks what the provider needs.
    """
    local = wanted.local or (LocalSettings() if wanted.provider == "local" else None)
    try:
        with transaction.atomic():
            model = Model.objects.create(
                workspace_id=product.workspace_id,
                product=product,
                tag=wanted.tag,
                name=wanted.name,
                description=wanted.description,
                provider=wanted.provider,
                model_name=wanted.model,
                settings=wanted.said(),
                local=_local(local),
                limits=as_json(wanted.limits),
                locks=sorted(wanted.locks),
                fallback=_fallback(wanted.tag, wanted.fallback),
            )
    except IntegrityError:
        raise already_exists("model", wanted.tag) from None
    check_parameters(model.provider, model.settings.get("parameters"), param="parameters")
    merge_envs(model, wanted.envs)
    record(model, content_of(model), author=author, message=wanted.message)
    return model


@transaction.atomic
def update_model(
    *, product: Product, tag: str, wanted: ModelUpdate, author: str, if_version: int | None = None
) -> Model:
    """Change what is given and keep the rest, as a new version; environments merge by slug.

    Raises:
        ApiError: 404; 412 the model is not at `if_version`;
            422 `key_must_be_resealed` when a key would be sent somewhere it was not sealed for;
            403 when a token that is bound to environments changes what all of them share.
    """
    if current_reach().envs is not None and wanted.model_fields_set - {"envs", "message"}:
        raise beyond_binding()
    model = Model.objects.select_for_update().filter(product=product, tag=tag).first()
    if model is None:
        raise not_found("model", tag)
    refuse_other_version("model", tag, present=model.version, expected=if_version)
    provider = model.provider
    _apply(model, wanted)
    if model.provider != "local" and model.local is not None:
        raise ApiError(422, "invalid_argument", "`local` settings go with provider 'local' only", param="local")
    check_parameters(model.provider, model.settings.get("parameters"), param="parameters")
    model.save()
    if model.provider != provider:
        refuse_keys_sealed_elsewhere(model, {env.slug for env in wanted.envs or [] if env.sealed_api_key})
    merge_envs(model, wanted.envs or [])
    record(model, content_of(model), author=author, message=wanted.message)
    return model


@transaction.atomic
def delete_model(*, product: Product, tag: str) -> None:
    """Raises: ApiError: 409 `model_in_use` with the tags of the agents and models that use it."""
    model = get_model(product, tag)
    users = users_of(product, tag)
    if users:
        raise ApiError(
            409, "model_in_use", f"used by {', '.join(users)}; point them at another model first", param="model"
        )
    gone = model.subject
    for env in model.envs.all():
        remove_env(env)
    model.delete()
    write_entry(Action.MODEL_DELETED, gone)


def content_of(model: Model) -> dict[str, Any]:
    """All that a version keeps: of a key its version number only."""
    return {
        "name": model.name,
        "description": model.description,
        "provider": model.provider,
        "model": model.model_name,
        "settings": model.settings,
        "local": model.local,
        "limits": model.limits,
        "locks": model.locks,
        "fallback": model.fallback,
        "envs": {
            env.environment.slug: {
                "base_url": env.base_url,
                "active": env.active,
                "description": env.description,
                "key_version": env.active_key.version if env.active_key else None,
            }
            for env in with_active_key(model.envs.select_related("environment"))
        },
    }


def as_json(limits: Mapping[LimitedSetting, Limit]) -> dict[str, Any]:
    return {name: limit.model_dump(mode="json", exclude_none=True) for name, limit in limits.items()}


def _apply(model: Model, wanted: ModelUpdate) -> None:
    given = wanted.model_dump(include={"name", "description", "provider"}, exclude_unset=True, exclude_none=True)
    for name, value in given.items():
        setattr(model, name, value)
    if wanted.model is not None:
        model.model_name = wanted.model
    if "local" in wanted.model_fields_set:
        model.local = _local(wanted.local)
    if wanted.limits is not None:
        model.limits = as_json(wanted.limits)
    if wanted.locks is not None:
        model.locks = sorted(wanted.locks)
    if "fallback" in wanted.model_fields_set:
        model.fallback = _fallback(model.tag, wanted.fallback)
    model.settings = {**model.settings, **wanted.said()}


def _local(local: LocalSettings | None) -> dict[str, Any] | None:
    return local.model_dump(mode="json") if local else None


def _fallback(tag: str, fallback: Fallback | None) -> dict[str, Any] | None:
    if fallback is not None and tag in fallback.models:
        raise ApiError(422, "invalid_argument", "fallback: a model cannot fall back on itself", param="fallback")
    return fallback.model_dump(mode="json") if fallback else None
