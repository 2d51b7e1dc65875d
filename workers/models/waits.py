"""How long a provider asks to wait."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

# What is larger cannot be a wait: it is the moment, in seconds or milliseconds since 1970.
_A_MOMENT = 1e9
_A_MOMENT_IN_MS = 1e11


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from now, never negative; `None`: it does not ask, or not in a way that can be read.

    Args:
        headers: of the answer; names in any case.
        now: Unix time in seconds.
    """
    said = {name.lower(): value.strip() for name, value in headers.items()}
    for name, read in _HEADERS:
        if name in said and (seconds := read(said[name], now)) is not None:
            return max(seconds, 0)
    return None


def seconds_of(duration: str) -> float | None:
    """From the way Google writes it: `31s` or `31.5s`."""
    return _number(duration.removesuffix("s"))


def _number(text: str) -> float | None:
    if not re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?", text):
        return None
    # Whole seconds stay whole: they are shown.
    return float(text) if "." in text else int(text)


def _milliseconds(text: str, now: float) -> float | None:
    number = _number(text)
    return None if number is None else number / 1000


def _seconds_or_moment(text: str, now: float) -> float | None:
    number = _number(text)
    if number is None:
        return _date(text, now)
    if number >= _A_MOMENT_IN_MS:
        return number / 1000 - now
    return number - now if number >= _A_MOMENT else number


def _date(text: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date without a zone is in UTC: RFC 9110, section 5.6.7.
    return math.ceil(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now)


_HEADERS = (
    ("retry-after-ms", _milliseconds),
    ("retry-after", _seconds_or_moment),
    ("x-ratelimit-reset-after", _seconds_or_moment),
    ("x-ratelimit-reset", _seconds_or_moment),
)
"""Most exact first. OpenRouter gives the moment of `x-ratelimit-reset` in milliseconds."""
