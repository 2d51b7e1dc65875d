from __future__ import annotations

from typing import Any, cast

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from control_plane.catalog.keys import with_active_key
from control_plane.catalog.models import Model, ModelEnv, ProviderKey
from control_plane.workspaces.reach import current_reach
from ductape.types import entities, keys


def with_envs(models: QuerySet[Model]) -> QuerySet[Model]:
    """For lists: the environments of all in one query."""
    return models.prefetch_related(_envs())


def model(row: Model) -> entities.Model:
    # Does nothing for a row that comes from `with_envs`.
    prefetch_related_objects([row], _envs())
    return entities.Model(
        id=str(row.id),
        tag=row.tag,
        name=row.name,
        description=row.description,
        provider=row.provider,
        model=row.model_name,
        settings=row.settings,
        local=row.local,
        limits=row.limits,
        locks=row.locks,
        fallback=row.fallback,
        envs=[_env(each) for each in row.visible_envs],  # type: ignore[attr-defined]  # set by the prefetch
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def key_version(row: ProviderKey) -> keys.KeyVersion:
    return keys.KeyVersion(
        version=row.version,
        state=cast(keys.KeyState, row.state),
        hint=row.hint,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        overlap_until=row.overlap_until,
    )


def _envs() -> Prefetch[Any, Any, Any]:
    """Those that the caller may see."""
    visible = ModelEnv.objects.filter(current_reach().in_envs("environment__slug"))
    visible = with_active_key(visible.select_related("environment")).order_by("environment_id")
    return Prefetch("envs", visible, to_attr="visible_envs")


def _env(row: ModelEnv) -> entities.ModelEnv:
    return entities.ModelEnv(
        slug=row.environment.slug,
        base_url=row.base_url,
        active=row.active,
        description=row.description,
        api_key=_key(row),
    )


def _key(row: ModelEnv) -> entities.ApiKeyStatus:
    key = row.active_key
    if key is None:
        return entities.ApiKeyStatus(set=False)
    return entities.ApiKeyStatus(
        set=True, hint=key.hint, version=key.version, created_at=key.created_at, last_used_at=key.last_used_at
    )
