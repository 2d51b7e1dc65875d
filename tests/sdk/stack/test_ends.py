from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ductape.stack import Stack, StackError, StackOptions
from ductape.stack.family import Family
from ductape.stack.lock import Lock

DEAF = "trap '' TERM INT; echo deaf; while :; do sleep 1; done"

Start = Callable[[], Any]
NothingLeft = Callable[[float], None]


def test_after_kill_9_nothing_is_left(supervisor: Start, nothing_left: NothingLeft) -> None:
    one = supervisor()
    one.wait_until_up()
    one.kill()
    nothing_left(10)


def test_after_kill_9_the_data_starts_again_at_once(supervisor: Start, options: StackOptions) -> None:
    one = supervisor()
    one.wait_until_up()
    one.kill()
    with Stack(options) as stack:
        psycopg.connect(stack.database_url).close()


def test_after_kill_9_of_postgres_too_the_data_starts_again(supervisor: Start, options: StackOptions) -> None:
    one = supervisor()
    postgres = one.wait_until_up()
    os.kill(postgres, signal.SIGKILL)
    one.kill()
    with Stack(options) as stack:
        psycopg.connect(stack.database_url).close()


def test_nobody_starts_before_the_watcher_of_the_earlier_run_has_cleared_up(supervisor: Start, data: Path) -> None:
    one = supervisor()
    one.wait_until_up()
    watcher = one.watcher()
    os.kill(watcher, signal.SIGSTOP)
    one.kill()
    lock = Lock(data)
    with pytest.raises(StackError, match="processes of an earlier run"):
        lock.wait_for_earlier_children(0.5)
    os.kill(watcher, signal.SIGCONT)
    lock.wait_for_earlier_children()
    lock.release()
    assert not (data / "run").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_in_order(supervisor: Start, nothing_left: NothingLeft, number: signal.Signals) -> None:
    one = supervisor()
    one.wait_until_up()
    one.signal(number)
    assert one.end() == (128 + number, "")
    nothing_left(0)
    assert "database system is shut down" in (one.data / "logs" / "postgres.log").read_text()


def test_a_signal_in_the_middle_of_the_first_start_leaves_nothing_broken(
    supervisor: Start, options: StackOptions, data: Path
) -> None:
    one = supervisor()
    while not (data / "postgres.new").exists():
        time.sleep(0.01)
    one.signal(signal.SIGINT)
    assert one.end()[0] == 128 + signal.SIGINT
    with Stack(options) as stack:
        psycopg.connect(stack.database_url).close()


def test_a_dead_child_ends_the_stack_and_is_named(options: StackOptions) -> None:
    with Stack(options) as stack:
        os.kill(stack.process("valkey").pid, signal.SIGKILL)
        with pytest.raises(StackError, match=r"^valkey stopped \(signal SIGKILL\)") as caught:
            stack.wait()
    assert "Ready to accept connections" in str(caught.value)


def test_a_child_that_does_not_listen_is_killed_with_its_group(
    family: Family, nothing_left: NothingLeft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ductape.stack.family._STOP_SECONDS", 1.0)
    child = family.spawn("deaf", ["/bin/sh", "-c", f"({DEAF}) & {DEAF}"], {"PATH": os.environ["PATH"]})
    family.until(lambda: child.log.read_text().count("deaf") == 2, child, 10)
    family.stop()
    nothing_left(1)


def test_a_second_signal_hurries(family: Family, nothing_left: NothingLeft) -> None:
    child = family.spawn("deaf", ["/bin/sh", "-c", DEAF], {"PATH": os.environ["PATH"]})
    family.until(lambda: "deaf" in child.log.read_text(), child, 10)
    begun = time.monotonic()
    hurrying = os.fork()
    if hurrying == 0:
        time.sleep(0.5)
        os.kill(os.getppid(), signal.SIGINT)
        os._exit(0)
    family.stop()
    os.waitpid(hurrying, 0)
    assert time.monotonic() - begun < 3
    nothing_left(1)


@pytest.fixture
def family(data: Path) -> Family:
    data.mkdir()
    keep_fd = os.open(data / "children.lock", os.O_CREAT | os.O_RDWR)
    return Family(cwd=data, logs=data, keep_fd=keep_fd, last=data / "run")
