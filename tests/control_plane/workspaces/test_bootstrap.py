"""Bootstrap of a database of its own, owned by a role that is no superuser, as on a managed server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors

import control_plane.tenancy.migrations

SECRET = "app-pass-0123456789"
MIGRATIONS = Path(control_plane.tenancy.migrations.__path__[0])


class Installation:
    """A database with an owner, and the URLs of both roles."""

    def __init__(self, superuser_url: str, keys: Path, static: Path) -> None:
        url = urlsplit(superuser_url)
        self.owner = url._replace(netloc="boot_owner@", path="/boot").geturl()
        self.application = url._replace(netloc=f"boot_app:{SECRET}@", path="/boot").geturl()
        self._env = {
            "DJANGO_SETTINGS_MODULE": "control_plane.settings",
            "DUCTAPE_KEYS_DIR": str(keys / "control"),
            "DUCTAPE_STATIC_ROOT": str(static),
            "PATH": os.environ["PATH"],
        }

    def run(self, *command: str, **urls: str) -> subprocess.CompletedProcess[str]:
        given = urls or {"DATABASE_URL": self.application, "DATABASE_OWNER_URL": self.owner}
        line = [sys.executable, "-m", "django", *command]
        return subprocess.run(line, env=self._env | given, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(services: Any, key_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with psycopg.connect(services.database_owner_url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE boot_owner LOGIN CREATEROLE")
        superuser.execute("CREATE DATABASE boot OWNER boot_owner")
        installation = Installation(services.database_owner_url, key_files, tmp_path_factory.mktemp("static"))
        yield installation
        superuser.execute("DROP DATABASE boot WITH (FORCE)")
        superuser.execute("DROP ROLE IF EXISTS boot_app")
        superuser.execute("DROP ROLE boot_owner")


@pytest.fixture(scope="module")
def booted(made: Installation) -> Installation:
    done = made.run("bootstrap")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["created"] is True
    assert "ductape.W" not in done.stderr
    return made


def test_the_second_time_it_changes_nothing_and_shows_no_secret(booted: Installation) -> None:
    done = booted.run("bootstrap")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "created": False,
        "workspace": "default",
        "admin_user": "admin",
        "admin_password": None,
        "access_key": None,
    }


def test_the_application_is_neither_owner_nor_superuser_and_has_its_password(booted: Installation) -> None:
    with psycopg.connect(booted.application) as application, psycopg.connect(booted.owner) as owner:
        roles = "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert application.execute(roles).fetchone() == (False, False, False)
        owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        assert owner.execute(owners).fetchall() == [("boot_owner",)]


def test_policies_bind_the_owner_too(booted: Installation) -> None:
    insert = "INSERT INTO products_product (id, workspace_id) SELECT id, id FROM workspaces_workspace"
    with psycopg.connect(booted.owner) as owner, pytest.raises(errors.InsufficientPrivilege, match="row-level"):
        owner.execute(insert)


def test_a_table_cannot_be_emptied_past_its_policy(booted: Installation) -> None:
    with psycopg.connect(booted.application) as application, pytest.raises(errors.InsufficientPrivilege):
        application.execute("TRUNCATE products_product CASCADE")


@pytest.mark.parametrize("verb", ["UPDATE audit_entry SET seq = 1", "DELETE FROM audit_entry", "TRUNCATE audit_entry"])
def test_the_log_can_be_added_to_and_not_changed(booted: Installation, verb: str) -> None:
    with psycopg.connect(booted.application) as application, pytest.raises(errors.InsufficientPrivilege):
        application.execute(verb)


def test_what_bootstrap_did_is_in_the_log(booted: Installation) -> None:
    actions = "SELECT DISTINCT action, actor_kind, actor_name FROM audit_entry ORDER BY action"
    with psycopg.connect(booted.application) as application:
        application.execute("SELECT set_config('ductape.workspace', 'every', false)")
        assert application.execute(actions).fetchall() == [
            (action, "operator", "bootstrap")
            for action in ("member.created", "token.created", "user.created", "workspace.created")
        ]


def test_the_application_may_use_tables_that_are_yet_to_come(booted: Installation) -> None:
    with psycopg.connect(booted.owner) as owner:
        owner.execute("CREATE TABLE later (id serial, word text)")
    with psycopg.connect(booted.application) as application:
        application.execute("INSERT INTO later (word) VALUES ('x')")
        assert application.execute("DELETE FROM later RETURNING id").fetchall() == [(1,)]


def test_a_migration_of_rows_sees_the_rows_of_every_workspace(booted: Installation) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "from django.db import connections\n"
        "from django.db.models.signals import pre_migrate\n"
        "def show(using, **kwargs):\n"
        "    with connections[using].cursor() as cursor:\n"
        "        cursor.execute(\"SELECT current_user, current_setting('ductape.workspace')\")\n"
        "        print(*cursor.fetchone())\n"
        "pre_migrate.connect(show)\n"
        "call_command('migrate', verbosity=0)\n"
        "show('owner')"
    )
    env = booted._env | {"DATABASE_URL": booted.application, "DATABASE_OWNER_URL": booted.owner}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert set(done.stdout.splitlines()[:-1]) == {"boot_owner every"}
    assert done.stdout.splitlines()[-1] == "boot_owner "


def test_one_role_for_all_works_and_the_check_says_what_is_lost(booted: Installation, services: Any) -> None:
    as_owner = booted.run("check", "--database", "default", DATABASE_URL=booted.owner)
    superuser = urlsplit(services.database_owner_url)._replace(path="/boot").geturl()
    as_superuser = booted.run("check", "--database", "default", DATABASE_URL=superuser)

    assert (as_owner.returncode, as_superuser.returncode) == (0, 0)
    assert "ductape.W002" in as_owner.stderr
    assert "DATABASE_OWNER_URL" in as_owner.stderr
    assert "ductape.W001" in as_superuser.stderr


def test_an_owner_that_may_not_create_the_role_says_what_to_do(booted: Installation) -> None:
    with psycopg.connect(booted.owner) as owner:
        owner.execute("GRANT ALL ON SCHEMA public TO boot_app")
    unknown = booted.application.replace("boot_app", "nobody_yet")
    done = booted.run("bootstrap", DATABASE_URL=unknown, DATABASE_OWNER_URL=booted.application)

    assert done.returncode == 1
    assert "CREATE ROLE nobody_yet LOGIN PASSWORD '...'" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_the_fence_can_be_taken_down_and_put_up_again_by_migrations(booted: Installation) -> None:
    for where in (["zero"], []):
        done = booted.run("migrate", "tenancy", *where)
        assert done.returncode == 0, done.stderr
    checked = booted.run("check", "--database", "default", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr


def test_a_table_without_its_fence_stops_bootstrap(booted: Installation) -> None:
    assert booted.run("migrate", "tenancy", "zero").returncode == 0
    with psycopg.connect(booted.owner) as owner:
        for path in sorted(MIGRATIONS.glob("0*.py")):
            owner.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('tenancy', %s, now())", [path.stem]
            )
    done = booted.run("bootstrap")

    assert done.returncode == 1
    assert "ductape.E001" in done.stderr
    assert "products_product shows every workspace's rows" in done.stderr
