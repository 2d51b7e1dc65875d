"""Outlives the supervisor by a moment and ends what it left behind: `python -I -S watcher.py [FOLDER]`.

Reads `add PID SIGNAL` and `end PID` from stdin; every PID leads a process group. When the supervisor's end of the pipe
closes, each group that is left gets its signal, and after a grace period SIGKILL. Then FOLDER is removed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time

GRACE_SECONDS = 6.0


def _read_groups() -> dict[int, int]:
    groups: dict[int, int] = {}
    for line in sys.stdin:
        verb, pid, *rest = line.split()
        if verb == "add":
            groups[int(pid)] = int(rest[0])
        else:
            groups.pop(int(pid), None)
    return groups


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(groups: dict[int, int]) -> None:
    for pid, number in reversed(groups.items()):
        with contextlib.suppress(OSError):
            os.kill(pid, number)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(map(_exists, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in groups:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def main(folder: str | None = None) -> None:
    _end(_read_groups())
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
