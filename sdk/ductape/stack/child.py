from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

Identity = Literal["same", "namespace", "nobody"]
LAUNCH = str(Path(__file__).with_name("launch.py"))
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Child:
    """One process of the stack, leader of its own group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    once: bool
    """It ends by itself, with status 0, when its work is done."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.poll() is None

    def well(self) -> bool:
        return self.alive() or (self.once and self.process.returncode == 0)

    def stop(self, seconds: float, hurry: threading.Event) -> None:
        """Asks it to end, and ends its whole group with SIGKILL after `seconds`, or as soon as `hurry` is set."""
        deadline = time.monotonic() + seconds
        if self.alive():
            self.process.send_signal(self.stop_signal)
        while self.alive() and time.monotonic() < deadline and not hurry.is_set():
            time.sleep(_POLL_SECONDS)
        self.kill()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


def spawn(
    name: str,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path,
    keep_fd: int,
    stdout: IO[bytes] | None,
    once: bool,
    stop_signal: signal.Signals,
    identity: Identity,
) -> Child:
    """Starts a process that gets `stop_signal` when the calling thread ends, which therefore has to live as long.

    `keep_fd` stays open in it and in its own children. Signals that the caller blocked are unblocked in it.
    """
    launch = [sys.executable, "-I", "-S", LAUNCH, str(os.getpid()), str(int(stop_signal)), identity]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*launch, *command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout or output,
            stderr=output,
            start_new_session=True,
            pass_fds=[keep_fd],
            umask=0o077,
        )
    return Child(name, process, log, stop_signal, once)
