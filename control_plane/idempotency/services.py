from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone

from control_plane.api.errors import ApiError
from control_plane.idempotency.models import KeptAnswer
from control_plane.workspaces.services import Principal
from ductape.types.names import IDEMPOTENCY_KEY_PATTERN

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request to be done once."""

    workspace_id: UUID
    token_id: UUID
    key: str
    fingerprint: str


def keyed_request(principal: Principal, key: str, method: str, path: str, body: dict[str, Any]) -> KeyedRequest:
    """Raises: ApiError: 422 the key cannot be one."""
    if not re.fullmatch(IDEMPOTENCY_KEY_PATTERN, key):
        message = "Idempotency-Key: 1 to 255 printable characters of ASCII, no spaces"
        raise ApiError(422, "invalid_argument", message, param="Idempotency-Key")
    said = f"{method} {path}\n".encode() + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return KeyedRequest(principal.workspace_id, principal.token_id, key, hashlib.sha256(said).hexdigest())


def claim(request: KeyedRequest) -> KeptAnswer:
    """The row of the request's key, held until the transaction ends. With status 0: this is the first time.

    To be called in the transaction of the change itself: the answer is kept if and only if the change is, and
    whoever comes with the same key meanwhile waits here for the outcome.

    Raises:
        ApiError: 409 the key came with another request before.
    """
    identity = {"workspace_id": request.workspace_id, "token_id": request.token_id, "key": request.key}
    # An update, because "do nothing" would not hold the row, and a purge could take it away before it is read.
    KeptAnswer.objects.bulk_create(
        [KeptAnswer(**identity, fingerprint=request.fingerprint)],
        update_conflicts=True,
        unique_fields=["workspace", "token_id", "key"],
        update_fields=["updated_at"],
    )
    kept = KeptAnswer.objects.get(**identity)
    if kept.fingerprint != request.fingerprint:
        message = "this idempotency key came with another request before; use a new key for a new request"
        raise ApiError(409, "idempotency_mismatch", message, param="Idempotency-Key")
    return kept


def keep(row: KeptAnswer, *, status: int, body: dict[str, Any]) -> None:
    row.status = status
    row.body = body
    row.save(update_fields=["status", "body", "updated_at"])


@transaction.atomic
def purge() -> int:
    """Forget what was kept long enough, of what is visible here.

    Returns:
        How many answers.
    """
    return KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]
