from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from control_plane.audit.models import Entry
from control_plane.vault.models import KeyCanary, KeyHolder
from control_plane.workspaces.models import AccessToken, Workspace, WorkspaceRow

ROOT = Path(__file__).parents[2]
FIXED = {"manage.py", "pyproject.toml", "control_plane", "sdk", "workers", "tests", "docker", "README.md"}
NO_DRAWERS = {"utils", "helpers", "common", "core", "misc"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in listed.stdout.splitlines()]


def test_the_fixed_top_level_is_there() -> None:
    assert {path.parts[0] for path in tracked()} >= FIXED


def test_no_module_is_a_drawer_for_anything() -> None:
    assert [path for path in tracked() if path.suffix == ".py" and set(path.with_suffix("").parts) & NO_DRAWERS] == []


def test_every_tenant_table_needs_a_scope() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("control_plane.")]
    unscoped = [model for model in ours if not issubclass(model, WorkspaceRow)]
    # An entry has a scope of its own kind: its workspace is an id, which outlives the workspace.
    assert set(unscoped) == {Workspace, AccessToken, Entry, KeyHolder, KeyCanary}


@pytest.mark.django_db
def test_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
