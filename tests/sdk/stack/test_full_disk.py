from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ductape.stack import Stack, StackError, StackOptions, disk

SmallDisk = Callable[[int], Path]


def test_too_little_space_is_said_before_anything_starts(options: StackOptions, small_disk: SmallDisk) -> None:
    folder = small_disk(100)
    with pytest.raises(StackError, match="MB free and 200 MB are needed"):
        Stack(replace(options, data=folder / "data")).__enter__()
    assert not (folder / "data" / "logs").exists()


def test_a_disk_that_fills_while_the_database_is_created_is_one_line(
    options: StackOptions, small_disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "SERVICES_MB", 0)
    folder = small_disk(20)
    with pytest.raises(StackError, match=r"^initdb stopped .*the disk is full") as caught:
        Stack(replace(options, data=folder / "data")).__enter__()
    assert "\n" not in str(caught.value)
    assert not (folder / "data" / "postgres").exists()


def test_a_full_disk_at_a_later_start_is_one_line_and_space_cures_it(
    options: StackOptions, small_disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "SERVICES_MB", 0)
    monkeypatch.setattr(disk, "AGAIN_MB", 0)
    folder = small_disk(80)
    here = replace(options, data=folder / "data")
    with Stack(here):
        pass
    (folder / "data" / "postgres" / "postmaster.opts").unlink()
    filler = folder / "filler"
    _fill(filler)
    with pytest.raises(StackError, match="disk is full") as caught:
        Stack(here).__enter__()
    assert "\n" not in str(caught.value)
    filler.unlink()
    with Stack(here) as stack:
        assert stack.process("postgres").alive()


def _fill(path: Path) -> None:
    try:
        with path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        return
