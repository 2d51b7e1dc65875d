"""What every test may use. PostgreSQL and Valkey are real and start when the first test asks for them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from control_plane.vault.key_files import init_key_files

_KEYS = Path(tempfile.mkdtemp(prefix="ductape-keys-"))
atexit.register(shutil.rmtree, _KEYS, ignore_errors=True)
init_key_files(_KEYS)

# Before anything reads the settings. The host of the database is filled in once its server runs.
os.environ.update(
    DJANGO_SETTINGS_MODULE="control_plane.settings",
    DUCTAPE_ROLE="control",
    DUCTAPE_KEYS_DIR=str(_KEYS / "control"),
    DATABASE_URL="postgresql://postgres@/ductape?host=/not-started",
    HF_HUB_OFFLINE="1",
)

django.setup()


@pytest.fixture(scope="session")
def key_files() -> Path:
    """The key files of the test installation: `control/` and `runner/`."""
    return _KEYS


@pytest.fixture(scope="session")
def services() -> Iterator[object]:
    """A real PostgreSQL and a real Valkey, for the whole session."""
    from ductape.stack import Stack, StackOptions

    data = Path(tempfile.mkdtemp(prefix="ductape-test-"))
    options = StackOptions(data=data, services_only=True, quiet=True, database_url=None, redis_url=None)
    try:
        with Stack(options) as stack:
            yield stack
    finally:
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: object) -> None:
    from django.conf import settings

    from control_plane import environ

    os.environ["DATABASE_URL"] = services.database_url  # type: ignore[attr-defined]
    settings.DATABASES["default"]["HOST"] = environ.database("DATABASE_URL")["HOST"]
