from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from tests.workers.calls import SPEC, STORY, call, read
from tests.workers.servers import ROOT, host_process, valkey_server, wait_until
from workers.models.base import Finished, TextDelta
from workers.models.errors import ModelError
from workers.models.hosted import HostedModels
from workers.models.hosted_protocol import HOSTS_KEY


async def test_a_broker_that_is_down_is_said_within_seconds(tmp_path: Path) -> None:
    models = HostedModels(f"unix://{tmp_path}/nobody.sock")
    await models.start()
    start = time.monotonic()
    with pytest.raises(ModelError, match="check that Redis runs") as caught:
        await read(models.model(SPEC), call(STORY))
    assert (caught.value.code, caught.value.retryable) == ("host_unreachable", True)
    assert time.monotonic() - start < 3
    await models.close()


async def test_a_call_whose_host_is_killed_fails_within_ten_seconds(tmp_path: Path, models_dir: Path) -> None:
    with valkey_server(tmp_path) as redis_url, host_process(redis_url, models_dir) as host:
        models = HostedModels(redis_url)
        await models.start()
        chunks = models.model(SPEC).stream(call(STORY))
        assert isinstance(await anext(chunks), TextDelta)
        host.kill()
        start = time.monotonic()
        with pytest.raises(ModelError) as caught:
            async for _ in chunks:
                pass
        assert (caught.value.code, caught.value.retryable) == ("host_lost", True)
        assert time.monotonic() - start < 11
        await models.close()


async def test_a_host_told_to_stop_finishes_its_calls_first(tmp_path: Path, models_dir: Path) -> None:
    with valkey_server(tmp_path) as redis_url, host_process(redis_url, models_dir) as host:
        models = HostedModels(redis_url)
        await models.start()
        chunks = models.model(SPEC).stream(call(STORY, max_tokens=24))
        await anext(chunks)
        host.terminate()
        last = [chunk async for chunk in chunks][-1]
        assert isinstance(last, Finished)
        assert last.finish_reason == "length"
        await models.close()
        assert await asyncio.to_thread(host.wait, 10) == 0


async def test_a_host_outlives_a_restart_of_redis(tmp_path: Path, models_dir: Path) -> None:
    with ExitStack() as stack:
        with valkey_server(tmp_path) as redis_url:
            host = stack.enter_context(host_process(redis_url, models_dir))
        stack.enter_context(valkey_server(tmp_path))
        redis = stack.enter_context(Redis.from_url(redis_url))
        await asyncio.to_thread(wait_until, lambda: bool(redis.smembers(HOSTS_KEY)), 10)
        models = HostedModels(redis_url)
        await models.start()
        _, finished = await read(models.model(SPEC), call(STORY, max_tokens=2))
        assert finished.usage.completion_tokens == 2
        assert host.poll() is None
        await models.close()


def test_an_idle_host_told_to_stop_leaves_at_once_and_signs_off(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as redis_url, host_process(redis_url, tmp_path) as host:
        time.sleep(1)
        start = time.monotonic()
        host.terminate()
        assert host.wait(10) == 0
        assert time.monotonic() - start < 5
        with Redis.from_url(redis_url) as redis:
            assert redis.smembers(HOSTS_KEY) == set()
            assert not list(redis.scan_iter("ductape:host:*"))


@pytest.mark.parametrize("missing", ["REDIS_URL", "DUCTAPE_MODELS_DIR"])
def test_a_host_without_its_settings_says_which_is_missing(tmp_path: Path, missing: str) -> None:
    env = {"PATH": os.environ["PATH"], "REDIS_URL": "unix:///nowhere", "DUCTAPE_MODELS_DIR": str(tmp_path)}
    env |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk'}"}
    del env[missing]
    command = [sys.executable, "-m", "workers.hosting"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr == f"error: a host needs {missing} in its environment\n"
