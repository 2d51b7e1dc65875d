from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sdk.cli.command import COMMAND, Run, environment


@pytest.fixture
def ductape(tmp_path: Path) -> Iterator[Run]:
    """Runs the installed command, as a terminal does: in a process group of its own, in an empty folder."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [COMMAND, *arguments], env=environment(**more), cwd=tmp_path, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


@pytest.fixture
def nothing_left(tmp_path: Path) -> Callable[[], None]:
    """Every child of a stack works in the data directory."""

    def check() -> None:
        deadline = time.monotonic() + 10
        while (left := _processes_below(tmp_path)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left == []

    return check


def _processes_below(folder: Path) -> list[str]:
    return [entry.name for entry in Path("/proc").glob("[0-9]*") if _works_below(entry, folder)]


def _works_below(process: Path, folder: Path) -> bool:
    try:
        return Path(os.readlink(process / "cwd")).is_relative_to(folder)
    except OSError:
        return False
