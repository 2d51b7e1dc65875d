from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.sdk.cli.command import MODELS, Run, environment


def test_it_stays_up_until_ctrl_c_and_the_quickstart_runs_on_it(
    ductape: Run, nothing_left: Callable[[], None], tmp_path: Path
) -> None:
    process = ductape("up", "--models-dir", str(MODELS))
    said = _read_until(process, "Ctrl-C")
    known = json.loads((tmp_path / ".ductape" / "credentials.json").read_text())
    assert known["access_key"] not in said
    assert known["admin_password"] not in said

    script = subprocess.run(
        [sys.executable, "-m", "ductape.cli.quickstart"],
        env=environment(DUCTAPE_ACCESS_KEY=known["access_key"], DUCTAPE_BASE_URL=_after("Control", said)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert script.stdout.strip()

    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 0
    nothing_left()


def test_after_kill_9_servers_workers_and_host_are_gone(ductape: Run, nothing_left: Callable[[], None]) -> None:
    process = ductape("up", "--models-dir", str(MODELS))
    _read_until(process, "Ctrl-C")
    process.kill()
    nothing_left()


def _read_until(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            break
    return said


def _after(word: str, said: str) -> str:
    return next(line.split()[1] for line in said.splitlines() if line.startswith(word))
