from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from control_plane.vault.key_files import copy_to_escrow
from control_plane.vault.key_states import KeyState, StateRefused
from control_plane.vault.keyring import KeyFileRefused, read_keyring
from control_plane.vault.rings import RINGS, Ring


@pytest.fixture
def keys(tmp_path: Path, key_files: Path) -> Path:
    return Path(shutil.copytree(key_files, tmp_path / "keys"))


@pytest.mark.parametrize("name", RINGS)
def test_a_key_goes_through_its_whole_life_in_every_roles_files(keys: Path, name: str) -> None:
    ring = Ring(keys, name)
    letter = name[0]
    assert ring.stage() == f"{letter}2"
    for kid, to in [("2", "active"), ("1", "retired"), ("1", "retiring"), ("1", "retired"), ("1", "destroyed")]:
        ring.move(letter + kid, KeyState(to))

    assert ring.states() == {f"{letter}1": KeyState.DESTROYED, f"{letter}2": KeyState.ACTIVE}
    control, runner = (keys / role / RINGS[name] for role in ("control", "runner"))
    assert control.read_text() == runner.read_text()
    assert json.loads(control.read_text())["keys"][f"{letter}1"] == {"state": "destroyed"}
    assert {path.stat().st_mode & 0o777 for path in keys.glob("*/*")} == {0o400}
    assert not list(keys.glob("*/.*"))
    assert ring.stage() == f"{letter}3"


def test_a_destroyed_root_key_leaves_no_private_half(keys: Path) -> None:
    ring = Ring(keys, "root")
    ring.stage()
    before = (keys / "runner" / "root.private.json").read_text()
    ring.move("r2", KeyState.DESTROYED)
    assert set(json.loads(before)["keys"]) == {"r1", "r2"}
    assert set(json.loads((keys / "runner" / "root.private.json").read_text())["keys"]) == {"r1"}


def test_the_halves_of_a_staged_root_key_belong_together(keys: Path) -> None:
    Ring(keys, "root").stage()
    ring = read_keyring(keys / "runner")
    for kid in ("r1", "r2"):
        assert ring.root_private[kid].public_key().public_bytes_raw() == ring.root_public[kid].public_bytes_raw()


def test_what_was_interrupted_between_two_roles_is_done_by_doing_it_again(keys: Path) -> None:
    ring = Ring(keys, "at-rest")
    stale = (keys / "control" / "at_rest.json").read_text()
    ring.stage()
    path = keys / "control" / "at_rest.json"
    path.chmod(0o600)
    path.write_text(stale)

    ring.move("a2", KeyState.ACTIVE)
    assert read_keyring(keys / "control").at_rest_active == "a2"


def test_a_refused_step_changes_no_file(keys: Path) -> None:
    before = {path: path.read_text() for path in keys.glob("*/*")}
    with pytest.raises(StateRefused):
        Ring(keys, "root").move("r1", KeyState.DESTROYED)
    assert {path: path.read_text() for path in keys.glob("*/*")} == before


def test_files_that_cannot_be_used_are_said(keys: Path) -> None:
    with pytest.raises(FileNotFoundError, match="give --dir the directory that `keys init` wrote"):
        Ring(keys / "control", "root").states()
    path = keys / "runner" / "at_rest.json"
    path.chmod(0o600)
    path.write_text("{}")
    with pytest.raises(KeyFileRefused, match=r"at_rest\.json: it is no JSON object"):
        Ring(keys, "at-rest").stage()


def test_an_escrow_copy_opens_what_the_runner_opens(keys: Path, tmp_path: Path) -> None:
    copy_to_escrow(keys, tmp_path / "safe" / "one")
    original, copied = read_keyring(keys / "runner"), read_keyring(tmp_path / "safe" / "one")
    assert copied.root_private["r1"].private_bytes_raw() == original.root_private["r1"].private_bytes_raw()
    assert (copied.at_rest, copied.installation) == (original.at_rest, original.installation)
    with pytest.raises(FileExistsError):
        copy_to_escrow(keys, tmp_path / "safe" / "one")
