from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["workers.models.hosted", "workers.models.packaged", "workers.hosting.host"])
def test_no_model_library_is_loaded_before_it_is_needed(module: str) -> None:
    script = f"import sys, {module}; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert not {"torch", "transformers", "control_plane"} & set(output.split())
