from __future__ import annotations

import shutil
from pathlib import Path

from ductape.stack.errors import StackError

SERVICES_MB = 200
"""A new PostgreSQL takes 40 MB, and its write-ahead log grows."""
MODEL_MB = 1000
"""The demo's model, unpacked."""
AGAIN_MB = 50
"""What a later start wants to see free."""


def require_free(folder: Path, megabytes: int) -> None:
    """
    Raises:
        StackError: less than `megabytes` (of 10^6 bytes) are free where `folder` is.
    """
    free = shutil.disk_usage(folder).free // 10**6
    if free < megabytes:
        raise StackError(
            f"{folder} has {free} MB free and {megabytes} MB are needed: free some, or give --data elsewhere"
        )


def is_full(folder: Path) -> bool:
    """So full that not even a log could say so."""
    return shutil.disk_usage(folder).free < 10**6
