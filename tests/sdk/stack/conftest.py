from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ductape.stack import StackOptions

SUPERVISOR = """
import signal, sys
from pathlib import Path
from ductape.stack import Stack, StackError, StackOptions, signals
# Whoever runs the tests may have been started with nohup.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
try:
    with signals.raised(), Stack(StackOptions(data=Path(sys.argv[1]), services_only=True, quiet=True)) as stack:
        print(stack.process("postgres").pid, flush=True)
        stack.wait()
except StackError as error:
    sys.exit(str(error))
except signals.Interrupted as interrupted:
    sys.exit(interrupted.exit_code)
"""


class Supervisor:
    """Another process that holds a stack of PostgreSQL and Valkey."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait_until_up(self) -> int:
        """The process id of its PostgreSQL."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def watcher(self) -> int:
        """The process id of what clears up after it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next(int(pid) for pid in children if b"watcher.py" in Path(f"/proc/{pid}/cmdline").read_bytes())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """What `kill -9` does."""
        self.process.kill()
        self.process.wait()

    def end(self) -> tuple[int, str]:
        """Its exit status, and what it said on stderr."""
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


def processes_in(folder: Path) -> list[int]:
    """Every process that works in the folder or below, as each child of a stack does."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def left_in(folder: Path, seconds: float) -> list[int]:
    """The processes that have not ended there within so many seconds."""
    deadline = time.monotonic() + seconds
    while (left := processes_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; a test that leaves a process behind in it fails."""
    folder = tmp_path / "data"
    yield folder
    left = left_in(folder, 10)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


@pytest.fixture
def options(data: Path, monkeypatch: pytest.MonkeyPatch) -> StackOptions:
    """PostgreSQL and Valkey in the data directory, and nothing else."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    return StackOptions(data=data, services_only=True, quiet=True)


@pytest.fixture
def supervisor(options: StackOptions) -> Iterator[Callable[[], Supervisor]]:
    started: list[Supervisor] = []

    def start() -> Supervisor:
        started.append(Supervisor(options.data))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


@pytest.fixture
def nothing_left(data: Path) -> Callable[[float], None]:
    def check(seconds: float) -> None:
        assert left_in(data, seconds) == []

    return check


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts an empty file system of so many MB."""
    mounted: list[Path] = []

    def mount(megabytes: int) -> Path:
        folder = tmp_path / f"disk{megabytes}"
        folder.mkdir()
        size = f"size={megabytes}m"
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, check=False
        )
        if tried.returncode != 0:
            pytest.skip("mounting needs root")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
