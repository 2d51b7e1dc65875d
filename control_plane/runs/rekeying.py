"""A provider refused the key that a run had pinned: was the key replaced in between?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from control_plane.catalog.keys import with_active_key
from control_plane.catalog.models import ModelEnv
from control_plane.runs.models import Run
from control_plane.runs.opening import open_destination
from control_plane.runs.preparing import Destination, Prepared
from control_plane.runs.services import change_key
from workers.models.errors import ModelError


@dataclass(frozen=True, slots=True)
class Rekeyed:
    key_version: int
    going_to: Destination


def rekey(run: Run, prepared: Prepared) -> Rekeyed | ModelError | None:
    """The same destination with the key that is active now; `None`: there is no other one, and the refusal stands."""
    pinned = prepared.model_env
    if pinned is None:
        return None
    now = with_active_key(ModelEnv.objects.select_related("model__product", "environment")).filter(id=pinned.id).first()
    if now is None or now.active_key is None or now.active_key.version == run.key_version:
        return None
    # A run keeps the configuration that it pinned, and a key is never sent where it was not sealed for.
    if (now.model.provider, now.base_url) != (pinned.model.provider, pinned.base_url):
        return None
    going_to = open_destination(run, replace(prepared, key=now.active_key))
    if isinstance(going_to, ModelError):
        return going_to
    return Rekeyed(now.active_key.version, going_to) if change_key(run=run, key=now.active_key) else None
