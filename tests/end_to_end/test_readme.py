"""README says what is true: its code runs, prints what its comments say, and the first of it is the demo's."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from ductape import Ductape
from ductape.cli import quickstart
from ductape.stack import Stack
from workers.models.wires import PROVIDERS

README = (Path(__file__).parents[2] / "README.md").read_text()
QUICKSTART, *GUIDE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
[COMMANDS] = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
KEYS = {"OPENAI_API_KEY": "sk-first-key-0123456789", "OPENAI_NEW_KEY": "sk-second-key-0123456789"}


def calls(code: str) -> dict[str, dict[str, str]]:
    """`ductape.<noun>.<verb>(...)` calls by name, with their arguments as text."""
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return {
        ast.unparse(call.func): {str(given.arg): ast.unparse(given.value) for given in call.keywords}
        for call in found
        if ast.unparse(call.func).startswith("ductape.")
    }


def promised(code: str) -> list[str]:
    """What a block says that it prints: behind a `print`, or in lines of their own below it."""
    return re.findall(r"^(?:print\(.*\)  )?# (.*)$", code, re.MULTILINE)


@pytest.fixture(scope="module")
def connected(stack: Stack) -> Iterator[dict[str, str]]:
    """The environment that the README's reader has."""
    given = {"DUCTAPE_BASE_URL": stack.control_url, "DUCTAPE_ACCESS_KEY": stack.credentials.access_key or "", **KEYS}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        yield given


@pytest.fixture(scope="module")
def names(connected: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What the blocks of the guide have defined so far."""
    with Ductape() as ductape:
        yield {"ductape": ductape}


def test_it_opens_with_the_two_commands() -> None:
    assert re.findall(r"^make \w+", README, re.MULTILINE)[:2] == ["make demo", "make test"]
    assert README.index("make test") < README.index("## What it is")


def test_its_lines_are_the_lines_of_the_demo() -> None:
    shown, run = calls(QUICKSTART), calls(Path(quickstart.__file__).read_text())

    # The demo asks what it was asked to.
    for each in (shown, run):
        del each["ductape.agents.stream"]["input"]
    assert shown == run


def test_its_lines_run(connected: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(QUICKSTART, "README.md", "exec"), {})  # the point of the test

    assert "Paris" in capsys.readouterr().out


def test_a_run_takes_what_a_stream_takes(names: dict[str, Any]) -> None:
    agents = names["ductape"].agents
    assert [*inspect.signature(agents.run).parameters] == [*inspect.signature(agents.stream).parameters]


@pytest.mark.parametrize("block", GUIDE, ids=lambda block: block.strip().splitlines()[0][:40])
def test_its_guide_runs_in_its_order(names: dict[str, Any], capsys: pytest.CaptureFixture[str], block: str) -> None:
    exec(compile(block, "README.md", "exec"), names)

    assert promised(block)
    assert capsys.readouterr().out.splitlines() == promised(block)


def test_its_commands_run_after_it(names: dict[str, Any], connected: dict[str, str], tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    commands = [line for line in COMMANDS.splitlines() if line.startswith("ductape ")]
    said = [
        subprocess.run(line, shell=True, env={**connected, "PATH": path}, cwd=tmp_path, capture_output=True, text=True)
        for line in commands
    ]

    assert [(each.returncode, each.stderr) for each in said] == [(0, ""), (0, ""), (1, "")]
    assert "key_from: gpt" in (tmp_path / "shop.yaml").read_text()
    assert said[1].stdout == "nothing differs\n"
    assert "missing_api_key" in said[2].stdout


def test_forced_a_product_goes_with_all_of_it(names: dict[str, Any]) -> None:
    gone = names["ductape"].product.delete(tag="shop", force=True)
    assert gone.contents == {"models": 1, "agents": 3, "runs": 0}


def test_it_names_the_providers_that_are_served() -> None:
    [sentence] = re.findall(r"Served today: (.*?)\. Addresses", README, re.DOTALL)
    served = {name for name, row in PROVIDERS.items() if row.wire or name == "local"}
    assert set(re.findall(r"`(\w+)`", sentence)) == served


def test_the_api_describes_itself_where_it_says(stack: Stack) -> None:
    for path in ("/api/v1/openapi.json", "/api/docs"):
        assert f"`{path}`" in README
        with urlopen(stack.control_url + path) as answer:
            assert answer.status == 200
