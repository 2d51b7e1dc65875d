"""What a backup of the database can give back, and what it cannot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection

from control_plane.catalog.models import ProviderKey
from control_plane.products.models import Product, ProductKey
from control_plane.products.sealing_keys import active_key
from control_plane.products.services import create_product
from control_plane.rotation.checking import check
from control_plane.tenancy.entering import as_operator, in_workspace
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.key_files import copy_to_escrow, init_key_files
from control_plane.vault.keyring import Keyring, read_keyring
from ductape.types.entities import ProductCreate
from tests.control_plane.rotation.conftest import Keys
from tests.control_plane.rotation.opened import opened

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = ("workspaces_workspace", "products_product", "products_environment", "products_productkey", "catalog_model",
         "catalog_modelenv", "catalog_providerkey", "vault_keycanary")  # fmt: skip


@pytest.fixture
def owner(services: Any) -> Iterator[psycopg.Connection[Any]]:
    """The test database as its owner, past policies and foreign keys: as a restore is."""
    name = django_settings.DATABASES["default"]["NAME"]
    url = urlsplit(services.database_owner_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SET session_replication_role = replica")
        yield database


def dump(owner: psycopg.Connection[Any], *tables: str) -> dict[str, bytes]:
    backup = {}
    for table in tables:
        with owner.cursor().copy(f"COPY {_writable(owner, table)} TO STDOUT") as copy:
            backup[table] = b"".join(bytes(chunk) for chunk in copy)
    return backup


def restore(owner: psycopg.Connection[Any], backup: dict[str, bytes]) -> None:
    for table, rows in backup.items():
        with owner.cursor().copy(f"COPY {_writable(owner, table)} FROM STDIN") as copy:
            copy.write(rows)


def _writable(owner: psycopg.Connection[Any], table: str) -> str:
    columns = owner.execute(
        "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns"
        " WHERE table_name = %s AND is_generated = 'NEVER'",
        [table],
    ).fetchone()
    assert columns is not None
    return f"{table} ({columns[0]})"


def empty(owner: psycopg.Connection[Any]) -> None:
    owner.execute(f"TRUNCATE {', '.join(ORDER)} CASCADE".encode())


def test_the_archived_keys_open_every_row_and_others_say_which_they_do_not(
    keyed: Product, keys: Keys, key_dir: Path, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    keys("check")
    with as_operator():
        rows = {f"catalog_providerkey {key.id}" for key in ProviderKey.objects.all()}
        pairs = {f"products_productkey {key.id}" for key in keyed.keys.all()}
    copy_to_escrow(key_dir, tmp_path / "escrow")
    backup = dump(owner, *ORDER)
    empty(owner)

    restore(owner, backup)
    with as_operator():
        with_escrow = check(read_keyring(tmp_path / "escrow"))
        init_key_files(tmp_path / "new")
        shutil.copy(key_dir / "runner" / "installation.json", _writable_file(tmp_path / "new/runner/installation.json"))
        without = check(read_keyring(tmp_path / "new" / "runner"))

    assert with_escrow.sound
    assert with_escrow.rows == {"at-rest a1": 3, "root r1": 1}
    assert not without.sound
    assert set(without.unreadable) == rows | pairs
    assert set(without.canaries.values()) == {"does not open"}


def test_provider_keys_of_a_deleted_product_do_not_come_back_with_a_backup(
    keyed: Product, alice: Any, ring: Callable[[], Keyring], owner: psycopg.Connection[Any]
) -> None:
    backup = dump(owner, *ORDER)
    assert alice.delete("products/shop/models/gpt").status_code == 200
    assert alice.delete("products/shop").status_code == 200
    with as_operator():
        assert not ProductKey.objects.exists()
    empty(owner)

    # A backup from which the key pair was destroyed too, beside a product that lives.
    restore(owner, {**backup, "products_productkey": b""})
    with in_workspace(alice.workspace.id):
        other = create_product(workspace_id=alice.workspace.id, wanted=ProductCreate(name="Other", envs=[]))
        pair = active_key(other)
    owner.execute("UPDATE catalog_providerkey SET product_key_id = %s", [pair.id])

    with as_operator():
        keys = list(ProviderKey.objects.all())
        assert len(keys) == 2
        for key in keys:
            with pytest.raises(SecretUnreadable):
                opened(ring(), key)
    connection.close()


def _writable_file(path: Path) -> Path:
    path.chmod(0o600)
    return path
