"""A provider key over its life: given, asked about at its provider, used, replaced."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ductape.types.base import Input, Output
from ductape.types.names import Slug, Tag

KeyState = Literal["pending", "rejected", "active", "retiring", "destroyed"]
"""Not asked about yet; refused by the provider; what runs use; replaced but still there; gone."""

MAX_OVERLAP = timedelta(days=7)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(\d{1,7})([smhd])", re.ASCII)


def span(text: str) -> timedelta:
    """`90s`, `30m`, `24h` or `7d`.

    Raises:
        ValueError: anything else.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("say it as a number and s, m, h or d, such as 24h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _overlap(text: str) -> str:
    if span(text) > MAX_OVERLAP:
        raise ValueError("7d at most")
    return text


Overlap = Annotated[str, AfterValidator(_overlap), Field(pattern=r"^[0-9]{1,7}[smhd]$")]


class KeyRotate(Input):
    """The next key of a model in an environment."""

    sealed_api_key: str = Field(max_length=70_000)
    """`dseal1...`, sealed by the caller; the server refuses plaintext."""
    key_hint: str = Field(default="", max_length=4)
    """The last characters of the key, for people to tell keys apart."""
    overlap: Overlap = "24h"
    """How long the key before it is kept beside it: a number and s, m, h or d; 7d at most."""


class KeyVersion(Output):
    """All that is ever shown of a version of a provider key."""

    version: int
    state: KeyState
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    overlap_until: datetime | None
    """Until when a replaced key is kept."""


class KeyVerify(Input):
    """A key that waits for its provider's word."""

    product: Tag
    model: Tag
    env: Slug
    version: int = Field(ge=1, le=2**31 - 1)


class ModelTest(Input):
    """A question to a model's provider that costs next to nothing."""

    product: Tag
    model: Tag
    env: Slug
    key_version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    """The key to ask with; the active one unless given."""


class ModelTested(Output):
    """What a provider answered."""

    ok: bool
    latency_ms: float
    key_version: int | None
    """`None`: asked without a key."""
    code: str | None = None
    """Why not, for machines."""
    message: str | None = None
    """Why not, for people."""
