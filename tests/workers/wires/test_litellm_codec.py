"""litellm's own word on what models take, and how it behaves in our process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from workers.models.wires import PROVIDERS

IMPORTED = "import workers.models.wires.litellm_codec as codec, json, logging, os, sys"


def in_a_fresh_process(code: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **env, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=folder)


def test_it_says_nothing_opens_nothing_and_reads_no_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_A_FILE=1\n")
    code = f"""
import sys
sys.addaudithook(lambda event, args: event in ("socket.connect", "socket.getaddrinfo") and print("NETWORK", args))
{IMPORTED}
turns = [{{"role": "user", "content": "canary"}}]
codec.anthropic_request("claude-nobody-knows", turns, {{"max_tokens": 5}})
codec.google_request("gemini-3-pro-preview", turns, {{"temperature": 0.1}})
logging.getLogger("LiteLLM").error("canary")
assert "FROM_A_FILE" not in os.environ
assert not codec.litellm.callbacks and not codec.litellm.success_callback
"""
    done = in_a_fresh_process(code, tmp_path, LITELLM_LOG="DEBUG", ANTHROPIC_API_KEY="sk-canary")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_litellm_knows_of_models_is_what_our_table_says(tmp_path: Path) -> None:
    code = f"{IMPORTED}; print(json.dumps(codec.litellm.model_cost))"
    known: dict[str, dict[str, Any]] = json.loads(in_a_fresh_process(code, tmp_path).stdout)
    row = PROVIDERS["anthropic"]
    claudes = {name: it for name, it in known.items() if it.get("litellm_provider") == "anthropic"}
    assert len(claudes) > 10
    for name, it in claudes.items():
        assert ("temperature" in row.takes(name)) == it.get("supports_sampling_params", True), name
        assert ("reasoning_effort" in row.takes(name)) == it.get("supports_reasoning", False), name
    geminis = [name for name, it in known.items() if name.startswith("gemini/gemini") and it.get("supports_reasoning")]
    assert len(geminis) > 10
    assert all("thinking_budget" in PROVIDERS["google"].takes(name) for name in geminis)
