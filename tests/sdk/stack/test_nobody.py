from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path

import psycopg
import pytest

from ductape.stack import Stack, StackError, StackOptions, identity, postgres

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another identity")


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose kernel refuses user namespaces."""
    works = identity._works
    monkeypatch.setattr(identity, "_works", lambda kind, *where: kind != "namespace" and works(kind, *where))


@pytest.fixture
def reachable(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(0o711)


@pytest.mark.usefixtures("no_namespaces", "reachable")
def test_without_user_namespaces_postgres_runs_as_nobody(options: StackOptions, data: Path) -> None:
    with Stack(options) as stack:
        psycopg.connect(stack.database_url).close()
        assert Path(f"/proc/{stack.process('postgres').pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert stat.S_IMODE(data.stat().st_mode) == 0o710
    assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700


@pytest.mark.usefixtures("reachable")
def test_data_changes_hands_when_the_machine_changes(options: StackOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("namespace", "nobody", "namespace"):
        monkeypatch.setattr(postgres, "identity_for_postgres", _always(kind))
        with Stack(options) as stack:
            psycopg.connect(stack.database_url).close()


@pytest.mark.usefixtures("no_namespaces")
def test_a_folder_that_nobody_can_reach_is_one_line(options: StackOptions, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(StackError, match=r"refuses to run as root.*set DATABASE_URL"):
        Stack(options).__enter__()
    shutil.rmtree(options.data)


def _always(kind: str) -> object:
    def choose(program: Path, data: Path) -> str:
        identity._let_nobody_through(data)
        return kind

    return choose
