"""Every key of every level is replaced while runs go on, without one that fails and without a restart."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ductape import Ductape
from ductape.stack import Stack
from tests.end_to_end.provider import Provider

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("DUCTAPE_LONG_TESTS" not in os.environ, reason="takes a minute; DUCTAPE_LONG_TESTS=1 runs it"),
]
SECRET = "canary-rotated-0123456789"
HEARTBEAT_SECONDS = 30.0


def keys(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "control_plane.settings",
        "DUCTAPE_ROLE": "runner",
        "DUCTAPE_KEYS_DIR": str(stack.data / "keys" / "runner"),
        "DATABASE_URL": stack.database_url,
    }
    command = [sys.executable, "-P", "-m", "django", "keys", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def done(stack: Stack, *arguments: str) -> str:
    result = keys(stack, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def promoted(stack: Stack, ring: str, kid: str) -> None:
    """Refused until control and runner have said that they have the key."""
    deadline = time.monotonic() + HEARTBEAT_SECONDS
    while (result := keys(stack, "promote", ring, kid)).returncode and time.monotonic() < deadline:
        assert "is not known to" in result.stderr
        time.sleep(0.5)
    assert result.returncode == 0, result.stderr


@contextmanager
def runs_going_on(client: Ductape) -> Iterator[list[str]]:
    over, ends = threading.Event(), list[str]()

    def run_on() -> None:
        while not over.is_set():
            run = client.agents.run(product="rotating", env="dev", tag="a", input="Hi")
            ends.append(str(run.error) if run.error else run.status)
            over.wait(0.05)

    thread = threading.Thread(target=run_on)
    thread.start()
    try:
        yield ends
    finally:
        over.set()
        thread.join()


def test_no_run_fails_while_every_level_is_rotated(stack: Stack, client: Ductape, provider: Provider) -> None:
    client.product.create(name="Rotating", envs=[{"slug": "dev"}])
    env = {"slug": "dev", "api_key": SECRET, "base_url": provider.base_url}
    client.model.create(product="rotating", tag="m", name="M", provider="custom", model="ok", envs=[env])
    client.agents.define(product="rotating", tag="a", model="m")
    with runs_going_on(client) as ends:
        a2 = done(stack, "stage", "at-rest").split()[2].rstrip(";")
        r2 = done(stack, "stage", "root").split()[2].rstrip(";")
        promoted(stack, "at-rest", a2)
        promoted(stack, "root", r2)
        for level in ("at-rest", "root"):
            done(stack, "rotate", level)
            done(stack, "rotate", level, "--verify")
        client.product.rotate_sealing_key(tag="rotating")
        client.model.update(product="rotating", tag="m", envs=[{"slug": "dev", "api_key": SECRET}])
        done(stack, "rotate", "product")
    assert len(ends) > 20
    assert set(ends) == {"completed"}
    assert client.product.sealing_key(tag="rotating").retiring[0].needed_by == 0
    assert provider.seen[-1].authorization == f"Bearer {SECRET}"
