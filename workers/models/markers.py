from __future__ import annotations

from collections.abc import Sequence


def unfinished(text: str, markers: Sequence[str]) -> int:
    """How many characters at the end of a text may be the beginning of a marker."""
    longest = min(len(text), max(map(len, markers), default=0) - 1)
    for size in range(longest, 0, -1):
        if any(marker.startswith(text[-size:]) for marker in markers):
            return size
    return 0
