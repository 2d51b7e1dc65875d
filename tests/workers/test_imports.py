from __future__ import annotations

import subprocess
import sys

import pytest

from workers import models


@pytest.mark.parametrize("module", ["workers.models.hosted", "workers.models.packaged", "workers.hosting.host"])
def test_no_model_library_is_loaded_before_it_is_needed(module: str) -> None:
    script = f"import sys, {module}; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert not {"torch", "transformers", "control_plane"} & set(output.split())


def test_the_library_loads_no_network_before_it_is_used() -> None:
    script = "import sys; from workers.models import *; from workers.models import ModelConfig; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert not {"torch", "litellm", "celery", "redis", "control_plane"} & set(output.split())
    script = "import sys; from workers.models import ModelConfig, ModelError, HarmonizedResponse; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert "aiohttp" not in output.split()


def test_every_name_of_the_library_is_there() -> None:
    assert all(getattr(models, name).__name__ == name for name in models.__all__)
    with pytest.raises(AttributeError, match="no attribute 'BaseModel'"):
        models.BaseModel  # noqa: B018
