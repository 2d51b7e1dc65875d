from __future__ import annotations

import json
import os
import shutil
import traceback
from pathlib import Path

import pytest

from control_plane.vault import keyring
from control_plane.vault.key_states import KeyState
from control_plane.vault.keyring import KeyFileRefused, KeyFilesMissing, load_keyring, read_keyring
from control_plane.vault.rings import Ring


@pytest.fixture
def keys(tmp_path: Path, key_files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Key files of one's own, looked at each time."""
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    return Path(shutil.copytree(key_files, tmp_path / "keys"))


def write(path: Path, text: str, mode: int = 0o400) -> None:
    path.chmod(0o600)
    path.write_text(text)
    path.chmod(mode)


def test_a_changed_file_takes_effect_without_a_restart(keys: Path) -> None:
    before = load_keyring(keys / "runner")
    kid = Ring(keys, "at-rest").stage()
    after = load_keyring(keys / "runner")

    assert (kid, set(before.at_rest), set(after.at_rest)) == ("a2", {"a1"}, {"a1", "a2"})
    assert load_keyring(keys / "runner") is after
    Ring(keys, "at-rest").move("a2", KeyState.ACTIVE)
    assert load_keyring(keys / "control").at_rest_active == load_keyring(keys / "runner").at_rest_active == "a2"


def test_the_files_are_looked_at_once_a_second_at_most(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 3600.0)
    before = load_keyring(keys / "control")
    Ring(keys, "at-rest").stage()
    assert load_keyring(keys / "control") is before


@pytest.mark.parametrize("text", ["", '{"keys": {}}'])
def test_files_that_cannot_be_used_leave_the_keys_before_in_use(
    keys: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    before = load_keyring(keys / "control")
    write(keys / "control" / "at_rest.json", text)

    assert load_keyring(keys / "control") is before
    assert load_keyring(keys / "control") is before
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "the key files changed and cannot be used, the ones before stay in use"
    ]


def test_a_retired_key_is_not_loaded_and_comes_back(keys: Path) -> None:
    ring = Ring(keys, "root")
    ring.stage()
    ring.move("r2", KeyState.ACTIVE)
    ring.move("r1", KeyState.RETIRED)
    retired = load_keyring(keys / "runner")
    assert set(retired.root_private) == set(retired.root_public) == {"r2"}

    ring.move("r1", KeyState.RETIRING)
    assert set(load_keyring(keys / "runner").root_private) == {"r1", "r2"}


def test_a_process_says_what_it_can_do_its_part_with(keys: Path) -> None:
    Ring(keys, "root").stage()
    private = json.loads((keys / "runner" / "root.private.json").read_text())
    private["keys"].pop("r2")
    write(keys / "runner" / "root.private.json", json.dumps(private))

    assert load_keyring(keys / "control").holds == ["at-rest a1", "root r1", "root r2"]
    assert load_keyring(keys / "runner").holds == ["at-rest a1", "root r1"]
    assert load_keyring(keys / "runner").seals_with == ["at-rest a1", "root r1"]


@pytest.mark.parametrize(
    ("mode", "fits"), [(0o400, True), (0o440, True), (0o600, True), (0o404, False), (0o420, False)]
)
def test_a_file_that_others_could_read_is_refused(keys: Path, mode: int, fits: bool) -> None:
    (keys / "runner" / "root.private.json").chmod(mode)
    if fits:
        assert read_keyring(keys / "runner").can_open
        return
    with pytest.raises(KeyFileRefused, match=rf"root.private.json: others could .*\(mode {mode:o}\); chmod 400"):
        read_keyring(keys / "runner")


@pytest.mark.parametrize("name", ["installation.json", "at_rest.json", "root.public.json", "root.private.json"])
@pytest.mark.parametrize("text", ["SECRETSECRET", '{"id": 5}', '{"id": ""}', '"SECRETSECRET"', "[]"])
def test_a_malformed_file_is_named_and_not_shown(keys: Path, name: str, text: str) -> None:
    write(keys / "runner" / name, text)
    with pytest.raises(KeyFileRefused, match=f"{name}: .*; restore it from your copy") as refused:
        read_keyring(keys / "runner")
    assert "SECRETSECRET" not in "".join(traceback.format_exception(refused.value))
    assert refused.value.__context__ is None


def test_bytes_that_are_no_text_are_no_key_file(keys: Path) -> None:
    path = keys / "control" / "token_pepper"
    path.chmod(0o600)
    path.write_bytes(b"\xff\xfe")
    os.chmod(path, 0o400)
    with pytest.raises(KeyFilesMissing, match="token_pepper cannot be read"):
        read_keyring(keys / "control")
