from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ductape.stack import Stack, StackError, StackOptions
from ductape.stack.lock import Lock

Start = Callable[[], Any]


def test_a_second_start_says_who_holds_the_data(supervisor: Start, options: StackOptions) -> None:
    one = supervisor()
    one.wait_until_up()
    with pytest.raises(StackError, match=rf"already runs on .* \(process {one.process.pid}, http://127") as caught:
        Stack(options).__enter__()
    assert "\n" not in str(caught.value)


def test_a_second_start_does_not_disturb_the_first(supervisor: Start, options: StackOptions) -> None:
    one = supervisor()
    one.wait_until_up()
    with pytest.raises(StackError):
        Stack(options).__enter__()
    one.signal(signal.SIGTERM)
    assert one.end() == (128 + signal.SIGTERM, "")


def test_children_of_an_earlier_run_are_waited_for(tmp_path: Path) -> None:
    first = Lock(tmp_path)
    first.wait_for_earlier_children()
    inherited = os.dup(first.children)
    os.close(first.children)
    first.children = -1
    first.release()

    second = Lock(tmp_path)
    with pytest.raises(StackError, match="processes of an earlier run"):
        second.wait_for_earlier_children(seconds=0.2)
    os.close(inherited)
    second.wait_for_earlier_children(seconds=0.2)
    second.release()


def test_a_folder_with_other_things_in_it_is_left_alone(options: StackOptions, data: Path) -> None:
    data.mkdir(mode=0o755)
    (data / "thesis.txt").touch()
    with pytest.raises(StackError, match="not empty and not a data directory"):
        Stack(options).__enter__()
    assert [path.name for path in data.iterdir()] == ["thesis.txt"]
    assert data.stat().st_mode & 0o777 == 0o755


def test_a_data_directory_that_is_a_file_is_one_line(options: StackOptions, data: Path) -> None:
    data.touch()
    with pytest.raises(StackError, match=r"cannot use .*Give --data"):
        Stack(options).__enter__()


def test_a_data_directory_on_a_read_only_disk_is_one_line(options: StackOptions, data: Path) -> None:
    with pytest.raises(StackError, match="cannot use /proc/ductape"):
        Stack(StackOptions(data=Path("/proc/ductape"), services_only=True, quiet=True)).__enter__()


def test_a_data_directory_that_cannot_be_used_inside_is_one_line(options: StackOptions, data: Path) -> None:
    data.mkdir()
    (data / "lock").touch()
    (data / "logs").touch()
    with pytest.raises(StackError, match=r"logs.*check the owner and the free space"):
        Stack(options).__enter__()
