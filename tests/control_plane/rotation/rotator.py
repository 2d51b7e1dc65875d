"""A process whose children rotate, each until it is killed: forked, because starting one costs a second.

Reads one line a child from standard input: the level, and the seconds that it may live once it is at its first rows.
Answers with `done`, `failed` or `killed`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.models import Q  # noqa: E402

from control_plane.rotation import levels, rewriting  # noqa: E402
from control_plane.tenancy.entering import as_operator  # noqa: E402
from control_plane.vault.keyring import Keyring, read_keyring  # noqa: E402

LEVELS: dict[str, Callable[[Keyring], list[levels.Work]]] = {
    "at-rest": levels.at_rest,
    "root": levels.root,
    "product": lambda ring: levels.product(ring, Q()),
}


def rotate(level: str, begun: int) -> None:
    @contextmanager
    def enter() -> Iterator[None]:
        with as_operator():
            os.write(begun, b".")
            yield

    ring = read_keyring(settings.KEYS_DIR)
    left = 0
    for work in LEVELS[level](ring):
        left += rewriting.rewrite(work, enter=enter, said=lambda written: None).left
    connections.close_all()
    os._exit(1 if left else 0)


def lives(level: str, seconds: float) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        rotate(level, writing)
    os.close(writing)
    os.read(reading, 1)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            os.close(reading)
            return "done" if status == 0 else "failed"
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    return "killed"


if __name__ == "__main__":
    rewriting.BATCH = 3
    for line in sys.stdin:
        level, seconds = line.split()
        print(lives(level, float(seconds)), flush=True)
