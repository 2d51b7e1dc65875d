"""README says what is true: its code runs, and it is the demo's."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from ductape import Ductape
from ductape.cli import quickstart
from ductape.stack import Stack

README = (Path(__file__).parents[2] / "README.md").read_text()
QUICKSTART, KEYS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def calls(code: str) -> dict[str, dict[str, str]]:
    """`ductape.<noun>.<verb>(...)` calls by name, with their arguments as text."""
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return {
        ast.unparse(call.func): {str(given.arg): ast.unparse(given.value) for given in call.keywords}
        for call in found
        if ast.unparse(call.func).startswith("ductape.")
    }


def test_it_opens_with_the_two_commands() -> None:
    assert re.findall(r"^make \w+", README, re.MULTILINE)[:2] == ["make demo", "make test"]
    assert README.index("make test") < README.index("## What it is")


def test_its_lines_are_the_lines_of_the_demo() -> None:
    shown, run = calls(QUICKSTART), calls(Path(quickstart.__file__).read_text())

    # The demo asks what it was asked to.
    for each in (shown, run):
        del each["ductape.agents.stream"]["input"]
    assert shown == run


def test_its_lines_run(stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DUCTAPE_BASE_URL", stack.control_url)
    monkeypatch.setenv("DUCTAPE_ACCESS_KEY", stack.credentials.access_key or "")

    exec(compile(QUICKSTART, "README.md", "exec"), {})  # the point of the test

    assert "Paris" in capsys.readouterr().out


def test_its_lines_on_keys_run_after_them(stack: Stack, client: Ductape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-first-key-0123456789")
    exec(compile(KEYS, "README.md", "exec"), {"ductape": client, "os": os, "new_key": "sk-second-key-0123456789"})

    assert client.model.fetch(product="demo", tag="gpt").envs[0].api_key.version == 2
