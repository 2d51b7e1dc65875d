from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.sdk.cli.command import Run


def test_the_version_is_the_distributions(ductape: Run) -> None:
    assert ductape("--version").communicate() == (f"ductape {version('ductape')}\n", "")


def test_the_client_does_not_load_the_command_line() -> None:
    loaded = "import sys, ductape, ductape.cli; sys.exit(bool({'typer', 'rich', 'ductape.stack'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", loaded], check=True)


def test_a_taken_port_is_one_line_and_status_1(ductape: Run, nothing_left: Callable[[], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = ductape("up", "--port", str(port))
        out, said = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert said == (
        f"ductape: port {port} on 127.0.0.1 is not free (Address already in use): "
        "stop what uses it, or give another --port\n"
    )
    nothing_left()


def test_an_option_that_does_not_exist_is_status_2(ductape: Run) -> None:
    process = ductape("up", "--prot", "8700")
    _, said = process.communicate()
    assert process.returncode == 2
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_folder_that_is_not_ours_is_one_line(ductape: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "thesis.txt").touch()
    process = ductape(command, "--data", ".")
    _, said = process.communicate()
    assert process.returncode == 1
    assert said.startswith("ductape: ")
    assert said.count("\n") == 1
