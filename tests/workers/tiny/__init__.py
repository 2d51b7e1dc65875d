"""Models of a megabyte that answer verifiably, trained in seconds on a few dialogues that they know by heart."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def built(kind: str, models_dir: Path) -> str:
    """The name below `models_dir` of a tiny model, trained first if its recipe is new.

    Args:
        kind: `think` or `llava`, the name of the recipe beside this file.
    """
    recipe = Path(__file__).with_name(f"{kind}.py")
    name = f"tests/tiny-{kind}-{hashlib.sha256(recipe.read_bytes()).hexdigest()[:8]}"
    folder = models_dir / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".building-{kind}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            partial = folder.with_name(f".{folder.name}")
            # One thread, so that every machine trains the same model.
            command = [sys.executable, "-m", f"tests.workers.tiny.{kind}", str(partial)]
            subprocess.run(
                command, cwd=ROOT, env={"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'sdk'}"}, check=True
            )
            partial.rename(folder)
    return name
