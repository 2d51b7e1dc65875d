"""The key of a run: opened once, in the transaction that begins the run, and never without an entry that says so."""

from __future__ import annotations

import logging

from control_plane.audit.actions import Action
from control_plane.audit.services import Subject, write_entry
from control_plane.catalog.keys import key_ids
from control_plane.runs.models import Run
from control_plane.runs.preparing import Destination, Prepared, destination
from control_plane.vault.errors import SecretUnreadable
from workers.models.errors import ModelError

logger = logging.getLogger(__name__)


def open_destination(run: Run, prepared: Prepared) -> Destination | ModelError:
    """Where the run's call goes, or why it goes nowhere."""
    try:
        going_to = destination(prepared)
    except SecretUnreadable as error:
        logger.error("run %s: the key of %s does not open", run.id, prepared.model_env)
        _record(Action.KEY_UNREADABLE, run, prepared)
        return ModelError(f"{error}; or give the key again", "secret_unreadable")
    _record(Action.KEY_OPENED, run, prepared)
    return going_to


def _record(action: Action, run: Run, prepared: Prepared) -> None:
    key = prepared.key
    if key is not None:
        product = prepared.product.tag
        subject = Subject(run.workspace_id, "key", key.id, run.model_tag, product=product, env=run.env)
        write_entry(action, subject, **key_ids(key), run=run.id)
