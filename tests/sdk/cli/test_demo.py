from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.sdk.cli.command import MODELS, Run


def test_the_demo_answers_says_why_and_leaves_nothing(
    ductape: Run, nothing_left: Callable[[], None], tmp_path: Path
) -> None:
    for question in ("What is the capital of France?", "Name a colour."):
        process = ductape("demo", "--ask", question, "--models-dir", str(MODELS))
        out, progress = process.communicate(timeout=300)
        assert process.returncode == 0, progress
        assert f"> {question}" in out
        assert "0.4 (agent), 0.7 (default)" in out
        assert "to the first token" in out
        assert "/admin/" in out
        nothing_left()
    assert "Starting control and runner" in progress
    assert (tmp_path / ".ductape" / "credentials.json").stat().st_mode & 0o777 == 0o600
