from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

Database = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def owner(django_db_setup: None, services: Any) -> Iterator[Database]:
    """The test database as the owner of its tables, in a transaction that is rolled back."""
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(urlsplit(services.database_owner_url)._replace(path=f"/{name}").geturl()) as database:
        yield database
        database.rollback()
