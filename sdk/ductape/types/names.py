from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import StringConstraints

TAG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
SLUG_PATTERN = r"^[a-z0-9-]{2,32}$"
IDEMPOTENCY_KEY_PATTERN = r"[\x21-\x7e]{1,255}"
"""To be matched in full."""

Tag = Annotated[str, StringConstraints(pattern=TAG_PATTERN)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=2000)]

Provider = Literal["anthropic", "openai", "google", "cohere", "openrouter", "xai", "custom", "local"]


def tag_from_name(name: str) -> str:
    """`My Product` -> `my-product`.

    Raises:
        ValueError: nothing usable is left of the name.
    """
    tag = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].rstrip("-")
    if not tag:
        raise ValueError(f"no tag can be derived from the name {name!r}; pass tag=")
    return tag
