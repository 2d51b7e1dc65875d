from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ductape.stack import watcher


def test_the_watcher_ends_what_is_left_when_its_pipe_closes(tmp_path: Path) -> None:
    last = tmp_path / "run"
    last.mkdir()
    polite, deaf, finished = (_group(script) for script in ("sleep 60", "trap '' TERM; sleep 60 & wait; wait", "true"))
    time.sleep(0.2)
    lines = [f"add {process.pid} {int(signal.SIGTERM)}" for process in (polite, deaf, finished)]
    begun = time.monotonic()
    subprocess.run(
        [sys.executable, "-I", "-S", watcher.__file__, str(last)],
        input="\n".join([*lines, f"end {finished.pid}", ""]),
        text=True,
        check=True,
        timeout=20,
    )
    assert time.monotonic() - begun < watcher.GRACE_SECONDS + 2
    assert polite.wait(timeout=1) == -signal.SIGTERM
    assert deaf.wait(timeout=1) == -signal.SIGKILL
    assert finished.wait(timeout=1) == 0
    assert not last.exists()


def test_a_child_whose_parent_is_gone_before_it_asked_does_not_start(tmp_path: Path) -> None:
    launch = Path(watcher.__file__).with_name("launch.py")
    nobodys_child = [sys.executable, "-I", "-S", str(launch), "1", "9", "same", "/bin/sh", "-c", "echo started"]
    tried = subprocess.run(nobodys_child, capture_output=True, text=True, check=False)
    assert (tried.returncode, tried.stdout) == (1, "")
    assert os.getpid() != 1


def _group(script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True)
