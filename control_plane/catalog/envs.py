"""The environments of a model: merged by slug, each with its address and its key."""

from __future__ import annotations

from control_plane.api.errors import ApiError
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.base_url import check_base_url
from control_plane.catalog.key_states import KEPT
from control_plane.catalog.keys import kept_keys, key_ids, parse_sealed, replace_key
from control_plane.catalog.models import Model, ModelEnv, ProviderKey
from control_plane.products.models import Environment
from control_plane.products.services import named_environments
from ductape.types.entities import ModelEnvInput


def refuse_keys_sealed_elsewhere(model: Model, given: set[str]) -> None:
    """Raises: ApiError: 422 a key whose environment is not among the given ones was sealed for another provider."""
    keyed = ProviderKey.objects.filter(model_env__model=model, state__in=KEPT)
    for slug in sorted(set(keyed.values_list("model_env__environment__slug", flat=True)) - given):
        raise _must_be_resealed("provider", slug)


def merge_envs(model: Model, wanted: list[ModelEnvInput]) -> None:
    """Make the named environments what is said of them, and keep the rest.

    Raises:
        ApiError: 404, 422: as `update_model`.
    """
    environments = named_environments(model.product, [env.slug for env in wanted])
    for env in wanted:
        _merge_env(model, environments[env.slug], env)


def _merge_env(model: Model, environment: Environment, wanted: ModelEnvInput) -> None:
    # Locked, because a rotation may be counting up its key_version.
    row = ModelEnv.objects.select_for_update().filter(model=model, environment=environment).first()
    if wanted.remove:
        if row is not None:
            remove_env(row)
        return
    row = row or ModelEnv(workspace_id=model.workspace_id, model=model, environment=environment)
    _set_base_url(row, wanted)
    row.active = row.active if wanted.active is None else wanted.active
    row.description = row.description if wanted.description is None else wanted.description
    _check_complete(model, row, wanted)
    row.save()
    if wanted.sealed_api_key:
        replace_key(row, parse_sealed(model.product, wanted.sealed_api_key), wanted.key_hint)


def remove_env(row: ModelEnv) -> None:
    for key in kept_keys(row):
        write_entry(Action.KEY_REMOVED, key.subject, **key_ids(key))
    row.delete()


def _set_base_url(row: ModelEnv, wanted: ModelEnvInput) -> None:
    if "base_url" not in wanted.model_fields_set or wanted.base_url == row.base_url:
        return
    if wanted.base_url is not None:
        check_base_url(wanted.base_url)
    if not wanted.sealed_api_key and kept_keys(row).exists():
        raise _must_be_resealed("base_url", wanted.slug)
    row.base_url = wanted.base_url


def _check_complete(model: Model, row: ModelEnv, wanted: ModelEnvInput) -> None:
    if model.provider == "custom" and not row.base_url:
        raise ApiError(
            422, "invalid_argument", f"envs: {wanted.slug!r} of a custom model needs a base_url", param="envs"
        )
    if model.provider == "local" and (row.base_url or wanted.sealed_api_key):
        raise ApiError(422, "invalid_argument", "envs: a local model has neither api_key nor base_url", param="envs")


def _must_be_resealed(what: str, slug: str) -> ApiError:
    return ApiError(
        422,
        "key_must_be_resealed",
        f"{what} changes where the key of {slug!r} is sent: give its api_key again in the same call",
        param="envs",
    )
