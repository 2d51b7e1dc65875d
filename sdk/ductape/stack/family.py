from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ductape.stack import signals
from ductape.stack.child import Child, Identity, spawn
from ductape.stack.errors import StackError
from ductape.stack.failures import why_it_ended

_WATCHER = str(Path(__file__).with_name("watcher.py"))
_STOP_SECONDS = 8.0
_POLL_SECONDS = 0.03


class Family:
    """All children of one supervisor: started, watched and ended together.

    Where the kernel tells children of their parent's death they end at once. The watcher, a process at the other end of
    a pipe, ends them everywhere else, finishes those that refuse, and removes the folder `last`.
    """

    def __init__(self, *, cwd: Path, logs: Path, keep_fd: int, last: Path) -> None:
        self._cwd, self._logs, self._keep_fd = cwd, logs, keep_fd
        self._children: dict[str, Child] = {}
        self._pipe, self._watcher = _start_watcher(last, keep_fd)

    def __getitem__(self, name: str) -> Child:
        return self._children[name]

    def spawn(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        stdout: IO[bytes] | None = None,
        once: bool = False,
        stop_signal: signal.Signals = signal.SIGTERM,
        identity: Identity = "same",
    ) -> Child:
        log = self._logs / f"{name}.log"
        _keep_one_earlier(log)
        with signals.blocked():
            child = spawn(
                name, command, env=env, log=log, cwd=self._cwd, keep_fd=self._keep_fd, stdout=stdout, once=once,
                stop_signal=stop_signal, identity=identity,
            )  # fmt: skip
            self._children[name] = child
            self._tell(f"add {child.pid} {int(stop_signal)}")
        return child

    def finish(self, child: Child, timeout: float = 600) -> None:
        """Waits for a child that ends by itself.

        Raises:
            StackError: it failed, another child ended, or `timeout` seconds were not enough.
        """
        self.until(lambda: not child.alive(), child, timeout)
        self.check()
        child.kill()
        self._forget(child)

    def until(self, ready: Callable[[], bool], child: Child, timeout: float) -> None:
        """Waits until `ready()`.

        Raises:
            StackError: a child ended meanwhile, or `timeout` seconds were not enough.
        """
        deadline = time.monotonic() + timeout
        while True:
            self.check()
            if ready():
                return
            if time.monotonic() > deadline:
                raise StackError(f"{child.name} was not ready after {timeout:.0f} s; its log is {child.log}")
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raises StackError if a child has ended that should not have."""
        child = self.ended()
        if child is not None:
            raise StackError(why_it_ended(child))

    def ended(self) -> Child | None:
        """A child that has ended and should not have."""
        return next((child for child in self._children.values() if not child.well()), None)

    def stop(self) -> None:
        """Ends all, youngest first. Ctrl-C meanwhile makes it quick, not incomplete."""
        with signals.counted() as hurry:
            for child in reversed(list(self._children.values())):
                child.stop(_STOP_SECONDS, hurry)
                self._forget(child)
            self._pipe.close()
            self._watcher.wait()

    def _forget(self, child: Child) -> None:
        del self._children[child.name]
        self._tell(f"end {child.pid}")

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._pipe.write(line.encode() + b"\n")


def _start_watcher(last: Path, keep_fd: int) -> tuple[IO[bytes], subprocess.Popen[bytes]]:
    reading, writing = os.pipe()
    command = [sys.executable, "-I", "-S", _WATCHER, str(last)]
    with signals.blocked(), os.fdopen(reading) as stdin:
        watcher = subprocess.Popen(
            command, env={}, cwd="/", stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
            # Until it has removed the folder nobody may start in it.
            pass_fds=[keep_fd],
        )  # fmt: skip
    return os.fdopen(writing, "wb", buffering=0), watcher


def _keep_one_earlier(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o600)
