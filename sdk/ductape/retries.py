from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds. A server that asks for more gets no retry: the caller should know rather than wait."""


def pause(retried: int, retry_after: float | None) -> float | None:
    """Seconds to wait before the next attempt, after `retried` earlier retries; `None`: too long, give up."""
    if retry_after is not None:
        return retry_after if retry_after <= LONGEST_RETRY_AFTER else None
    # Half of it is random, so that clients that failed together do not come back together.
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**retried) * random.uniform(0.5, 1)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a `Retry-After` header, which may also be a date; `None` if there is none that makes sense."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
