"""A provider refused the key that a run had pinned: was the key replaced in between?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from control_plane.catalog.keys import with_active_key
from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.runs.models import Run
from control_plane.runs.opening import open_destination
from control_plane.runs.preparing import Destination, Prepared
from control_plane.runs.services import change_key
from workers.models.errors import ModelError


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """A call that is to be made again, with the key of now."""

    prepared: Prepared
    going_to: Destination
    attempt: int
    key_version: int | None
    """Of the run."""


def rekey(run: Run, way: Prepared) -> Rekeyed | ModelError | None:
    """The same destination with the key that is active now; `None`: there is no other one, and the refusal stands.

    Args:
        way: to the model whose key was refused: the run's own, or a fallback.
    """
    key = _other_key(way)
    if key is None:
        return None
    way_now = replace(way, key=key)
    going_to = open_destination(run, way_now)
    if isinstance(going_to, ModelError):
        return going_to
    key_version = key.version if way.resolved.model == run.model_tag else run.key_version
    if not change_key(run=run, key=key, key_version=key_version):
        return None
    return Rekeyed(way_now, going_to, run.attempt + 1, key_version)


def _other_key(way: Prepared) -> ProviderKey | None:
    if way.model_env is None or way.key is None:
        return None
    pinned = way.model_env
    now = with_active_key(ModelEnv.objects.select_related("model__product", "environment")).filter(id=pinned.id).first()
    if now is None or now.active_key is None or now.active_key.version == way.key.version:
        return None
    # A run keeps the configuration that it pinned, and a key is never sent where it was not sealed for.
    same_place = (now.model.provider, now.base_url) == (pinned.model.provider, pinned.base_url)
    return now.active_key if same_place else None
