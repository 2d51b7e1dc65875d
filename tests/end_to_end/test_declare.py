from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ductape import Ductape
from ductape.stack import Stack
from tests.end_to_end.provider import Provider

KEY = "sk-declared-canary-0123456789"


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ductape(stack: Stack, tmp_path: Path) -> Command:
    """Runs the `ductape` command against the stack."""

    def run(*arguments: str, say: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "DUCTAPE_BASE_URL": stack.control_url, **variables}
        env["DUCTAPE_ACCESS_KEY"] = stack.credentials.access_key or ""
        command = [sys.executable, "-c", "from ductape.cli import main; main()", *arguments]
        return subprocess.run(command, env=env, cwd=tmp_path, input=say, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def file(tmp_path: Path, provider: Provider) -> Path:
    path = tmp_path / "declared.yaml"
    path.write_text(f"""
product: {{tag: declared, name: Declared, envs: [{{slug: dev}}]}}
models:
  - tag: ok
    name: OK
    provider: custom
    model: ok
    max_tokens: 100
    limits: {{max_tokens: {{max: 1000}}}}
    envs: [{{slug: dev, base_url: "{provider.base_url}", api_key: "${{OK_DEV_API_KEY}}"}}]
agents:
  - {{tag: helper, model: ok, model_config: {{temperature: 0.4}}, envs: [{{slug: dev, locks: [temperature]}}]}}
  - tag: full
    model: {{provider: custom, model: ok, key_from: ok, temperature: 1}}
    tools: [{{tag: search, description: Searches, parameters: {{words: {{type: string, required: true}}}}}}]
    termination: {{max_iterations: 5}}
    memory: {{short_term: {{max_messages: 9}}}}
    human_in_loop: {{enabled: true, always_require_approval: [search]}}
""")
    return path


def test_a_file_becomes_a_product_that_runs_and_again_nothing_differs(
    ductape: Command, file: Path, client: Ductape, provider: Provider
) -> None:
    needs_key = ductape("apply", "-f", str(file), "--yes")
    assert (needs_key.returncode, needs_key.stdout) == (1, "")
    assert "set OK_DEV_API_KEY" in needs_key.stderr

    declined = ductape("apply", "-f", str(file), say="n\n", OK_DEV_API_KEY=KEY)
    assert declined.returncode == 1
    assert "+ model ok" in declined.stdout

    done = ductape("apply", "-f", str(file), say="y\n", OK_DEV_API_KEY=KEY)
    assert (done.returncode, done.stderr) == (0, "applied 5\n")
    run = client.agents.run(product="declared", env="dev", tag="helper", input="Hi")
    assert run.output == "Hello from the provider."
    assert provider.seen[-1].authorization == f"Bearer {KEY}"

    again = ductape("apply", "-f", str(file))
    assert (again.returncode, again.stdout) == (0, "nothing differs\n")

    exported = ductape("export", "declared")
    assert exported.returncode == 0
    assert "${OK_DEV_API_KEY}" in exported.stdout
    assert KEY not in exported.stdout
    file.write_text(exported.stdout)
    assert ductape("apply", "-f", str(file)).stdout == "nothing differs\n"

    file.write_text(exported.stdout.replace("max_tokens: 100\n", "max_tokens: 200\n"))
    shown = ductape("apply", "-f", str(file), "--dry-run")
    assert shown.stdout == "~ model ok  max_tokens\n"
    assert client.model.fetch(product="declared", tag="ok").settings["max_tokens"] == 100


def test_check_names_what_could_not_run_and_exits_with_1(ductape: Command, client: Ductape) -> None:
    client.product.create(name="Checked", envs=[{"slug": "dev"}])
    client.model.create(product="checked", tag="m", name="M", provider="local", model="a/b", envs=[{"slug": "dev"}])
    ready = ductape("check", "checked", "--env", "dev")
    assert (ready.returncode, ready.stdout) == (0, "ok  model m\n")

    client.agents.define(product="checked", tag="a", model="later")
    not_ready = ductape("check", "checked", "--env", "dev")
    assert not_ready.returncode == 1
    assert "NO  agent a  model_not_found: no model 'later' here" in not_ready.stdout


def test_what_goes_wrong_is_one_line(ductape: Command) -> None:
    for arguments in (["apply", "-f", "nowhere.yaml"], ["export", "nothing"]):
        failed = ductape(*arguments)
        assert failed.returncode == 1
        assert failed.stderr.startswith("ductape: ")
        assert failed.stderr.count("\n") == 1
