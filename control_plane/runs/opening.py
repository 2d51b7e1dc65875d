"""The key of a run: opened in the transaction that begins the run or its next attempt, and never without an entry."""

from __future__ import annotations

import logging
from typing import Any

from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.keys import key_ids
from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.runs.models import Run
from control_plane.runs.preparing import Destination, Prepared, destination, destination_of
from control_plane.vault.errors import SecretUnreadable
from workers.models.errors import ModelError

logger = logging.getLogger(__name__)


def open_destination(run: Run, prepared: Prepared) -> Destination | ModelError:
    """Where the run's call goes, or why it goes nowhere."""
    try:
        going_to = destination(prepared)
    except SecretUnreadable as error:
        logger.error("run %s: the key of %s does not open", run.id, prepared.model_env)
        _record(Action.KEY_UNREADABLE, prepared.key, run=run.id)
        return ModelError(f"{error}; or give the key again", "secret_unreadable")
    _record(Action.KEY_OPENED, prepared.key, run=run.id)
    return going_to


def open_for_check(model_env: ModelEnv, key: ProviderKey | None) -> Destination:
    """Whom to ask about a key.

    Raises:
        SecretUnreadable: as `destination`.
    """
    going_to = destination_of(model_env, key)
    _record(Action.KEY_OPENED, key, reason="check")
    return going_to


def _record(action: Action, key: ProviderKey | None, **why: Any) -> None:
    if key is not None:
        write_entry(action, key.subject, **key_ids(key), **why)
