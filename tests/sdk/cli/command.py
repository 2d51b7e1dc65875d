from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("ductape"))
MODELS = Path(os.environ.get("DUCTAPE_MODELS_DIR") or Path(__file__).parents[3] / ".ductape" / "models")
"""Shared by all tests, because unpacking the model takes half a minute."""

Run = Callable[..., subprocess.Popen[str]]


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "HF_HUB_OFFLINE": "1"} | more
