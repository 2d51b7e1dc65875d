"""What can be known of an image without a container engine."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STARTS = {
    "control": "import granian, control_plane.wsgi, control_plane.urls",
    "runner": "import granian, control_plane.asgi, workers.models.wires.openai",
    "host": "import workers.hosting.tasks, workers.models.adapters.huggingface_llm, torch, transformers, accelerate",
}


def text_of(role: str) -> str:
    return (ROOT / "docker" / f"{role}.Dockerfile").read_text()


def locked(dockerfile: str) -> set[str]:
    """Every package that the image's lock files pin."""
    locks = {(ROOT / path).read_text() for path in re.findall(r"locks/\S+\.txt", dockerfile)}
    return {name for lock in locks for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}


def site_with(packages: set[str], folder: Path) -> Path:
    """A folder to import from that holds these packages, of those installed here, and no others."""
    for package in packages:
        installed = distribution(package)
        for top in {Path(str(file)).parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(str(installed.locate_file(top))))
    return folder


@pytest.mark.parametrize("role", STARTS)
def test_the_locks_of_an_image_are_enough_to_start_it(role: str, tmp_path: Path, key_files: Path) -> None:
    site = site_with(locked(text_of(role)), tmp_path)
    done = subprocess.run(
        # -S: nothing of the environment that runs the tests.
        [sys.executable, "-S", "-c", STARTS[role]],
        env={
            "PYTHONPATH": f"{site}:{ROOT}:{ROOT / 'sdk'}",
            "DUCTAPE_KEYS_DIR": str(key_files / "control"),
            "DATABASE_URL": "postgresql://nobody@/none",
            "REDIS_URL": "redis://127.0.0.1:1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("role", STARTS)
def test_what_an_image_copies_is_there_and_it_does_not_run_as_root(role: str) -> None:
    text = text_of(role)
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for word in line.split()]

    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert text.index("USER ductape") < text.index("CMD")
