"""What every test may use. PostgreSQL and Valkey are real and start when the first test asks for them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest

from control_plane.vault.key_files import init_key_files


def _key_files() -> Path:
    # A worker process has read the settings of the process that started it before it comes here.
    if "PYTEST_XDIST_WORKER" in os.environ:
        return Path(os.environ["DUCTAPE_KEYS_DIR"]).parent
    folder = Path(tempfile.mkdtemp(prefix="ductape-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    init_key_files(folder)
    return folder


_KEYS = _key_files()

# Before anything reads the settings. The host of the database is filled in once its server runs.
os.environ.update(
    DJANGO_SETTINGS_MODULE="control_plane.settings",
    DUCTAPE_ROLE="control",
    DUCTAPE_KEYS_DIR=str(_KEYS / "control"),
    DATABASE_URL="postgresql://postgres@/ductape?host=/not-started",
    HF_HUB_OFFLINE="1",
)

os.environ.pop("DATABASE_OWNER_URL", None)

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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The owner has made the database; the tests connect as the application does, as one who owns nothing."""
    from django.db import connection

    from control_plane.tenancy.application_role import admit_application

    owner = connection.settings_dict["USER"]
    with django_db_blocker.unblock():
        admit_application(connection, name="ductape_app", password="")
        with connection.cursor() as cursor:
            # How a test with transactions of its own is cleaned up after.
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO ductape_app")
        _connect_as("ductape_app")
    yield
    with django_db_blocker.unblock():
        _connect_as(owner)


def _connect_as(role: str) -> None:
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's alone has one
    connection.settings_dict["USER"] = role
