"""How often a token may have providers asked about keys, so that this is no way of trying them out.

One time a token says it all (the generic cell rate algorithm): each question moves it on by a step, from now at the
least, and it may not be further ahead than a burst of questions.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from control_plane.api.errors import ApiError
from control_plane.catalog.models import CheckPace

STEP = timedelta(seconds=6)
BURST = 10


def keep_pace(*, workspace_id: UUID, token_id: UUID) -> None:
    """Count one question: 10 at once, then 10 a minute.

    Raises:
        ApiError: 429.
    """
    now = timezone.now()
    CheckPace.objects.get_or_create(workspace_id=workspace_id, token_id=token_id, defaults={"until": now})
    paced = CheckPace.objects.filter(token_id=token_id, until__lte=now + STEP * (BURST - 1))
    if not paced.update(until=Greatest(F("until"), now) + STEP):
        seconds = str(int(STEP.total_seconds()))
        message = f"providers are asked about keys {BURST} times a minute at most; wait {seconds} seconds"
        raise ApiError(429, "too_many_checks", message, retryable=True, headers={"Retry-After": seconds})


def forget_paces() -> int:
    """Forget the tokens that have been slow enough; returns how many."""
    return CheckPace.objects.filter(until__lt=timezone.now()).delete()[0]
