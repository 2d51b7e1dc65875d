from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

from ductape.stack.errors import StackError

_POLL_SECONDS = 0.05


class Lock:
    """Two locks of a data directory, both gone with the processes that hold them, whatever killed those.

    `lock` is the supervisor's, and says who and where it is. `children.lock` is inherited by every child: as long as
    one is left of an earlier run, nobody may start on the same files.
    """

    def __init__(self, data: Path) -> None:
        """
        Raises:
            StackError: another supervisor holds the data, or it cannot be written.
        """
        self._data = data
        self._own = _open(data / "lock")
        if not _try_lock(self._own):
            os.close(self._own)
            raise StackError(f"Ductape already runs on {data} ({_holder(data)}): stop it, or give other --data")
        self.children = -1

    def say(self, url: str) -> None:
        os.ftruncate(self._own, 0)
        os.pwrite(self._own, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)

    def wait_for_earlier_children(self, seconds: float = 30) -> None:
        """
        Raises:
            StackError: processes of an earlier run are still there after `seconds`.
        """
        self.children = _open(self._data / "children.lock")
        deadline = time.monotonic() + seconds
        while not _try_lock(self.children):
            if time.monotonic() > deadline:
                raise StackError(f"processes of an earlier run still use {self._data}: end them, then start again")
            time.sleep(_POLL_SECONDS)

    def release(self, seconds: float = 10) -> None:
        """Waits up to `seconds` for the last descendants of the children, then lets go."""
        try:
            if self.children >= 0:
                os.close(self.children)
                self.wait_for_earlier_children(seconds)
                os.close(self.children)
        finally:
            os.close(self._own)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StackError(f"cannot write to {path.parent}: {error.strerror}. Give --data a folder of your own") from None


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(data: Path) -> str:
    try:
        said = json.loads((data / "lock").read_text())
        return f"process {said['pid']}, {said['url']}"
    except (OSError, ValueError, KeyError):
        return "it is just starting or stopping"
