from __future__ import annotations

from pathlib import Path

import pytest

from control_plane.vault.keyring import Keyring, load_keyring


@pytest.fixture(scope="session")
def control_ring(key_files: Path) -> Keyring:
    return load_keyring(key_files / "control")


@pytest.fixture(scope="session")
def runner_ring(key_files: Path) -> Keyring:
    return load_keyring(key_files / "runner")
