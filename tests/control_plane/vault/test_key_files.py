from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from control_plane.vault.key_files import ROLES, init_key_files
from control_plane.vault.keyring import KeyFilesMissing, load_keyring


def test_each_role_gets_its_files_and_only_the_runner_the_root_private_key(tmp_path: Path) -> None:
    init_key_files(tmp_path)

    found = {role: {path.name for path in (tmp_path / role).iterdir()} for role in ROLES}
    assert found == {role: set(names) for role, names in ROLES.items()}
    assert "root.private.json" not in found["control"]
    assert load_keyring(tmp_path / "runner").can_open
    assert all(path.stat().st_mode & 0o777 == 0o400 for path in tmp_path.glob("*/*"))


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    init_key_files(tmp_path)
    before = {path: path.read_text() for path in tmp_path.glob("*/*")}

    assert init_key_files(tmp_path) == []
    assert {path: path.read_text() for path in tmp_path.glob("*/*")} == before


def test_a_lost_file_is_not_replaced_by_a_new_key(tmp_path: Path) -> None:
    init_key_files(tmp_path)
    (tmp_path / "runner" / "root.private.json").unlink()

    with pytest.raises(FileExistsError, match="restore it from your copy"):
        init_key_files(tmp_path)
    assert not (tmp_path / "runner" / "root.private.json").exists()


def test_a_missing_directory_is_said_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(KeyFilesMissing, match="keys init"):
        load_keyring(tmp_path / "nowhere")


def test_nothing_secret_is_in_the_keyrings_repr(key_files: Path) -> None:
    ring = load_keyring(key_files / "runner")
    assert "secret" not in repr(ring)
    assert ring.token_pepper.decode() not in repr(ring)


def test_the_command_needs_neither_keys_nor_a_database(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "django", "keys", "init", "--dir", str(tmp_path / "keys")],
        env={
            "DJANGO_SETTINGS_MODULE": "control_plane.settings",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "DUCTAPE_KEYS_DIR": str(tmp_path / "keys" / "control"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "keep a copy" in done.stdout
    assert (tmp_path / "keys" / "runner" / "root.private.json").exists()
