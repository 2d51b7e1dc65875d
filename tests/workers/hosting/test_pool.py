from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.workers.calls import SPEC
from workers.hosting.pool import ModelPool
from workers.models.errors import ModelLoadError, ModelTimeoutError
from workers.models.hosted_protocol import ModelSpec

NOTHING = SPEC.model_copy(update={"name": "nobody/nothing"})


def states(pool: ModelPool) -> list[tuple[str, str]]:
    return [(status.model.name, status.state) for status in pool.status()]


def test_all_who_ask_for_a_model_wait_for_one_load(models_dir: Path) -> None:
    pool = ModelPool(models_dir)
    with pytest.raises(ModelTimeoutError, match="was still loading"):
        pool.engine(SPEC, time.time())
    assert states(pool) == [(SPEC.name, "loading")]

    def ask(spec: ModelSpec) -> int:
        return id(pool.engine(spec, time.time() + 60))

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, [SPEC.model_copy() for _ in range(8)]))) == 1
    assert states(pool) == [(SPEC.name, "ready")]
    pool.close()


def test_a_failed_load_keeps_its_reason_and_is_tried_again(tmp_path: Path) -> None:
    pool = ModelPool(tmp_path)
    for _ in range(2):
        with pytest.raises(ModelLoadError, match="no weights"):
            pool.engine(NOTHING, time.time() + 30)
    assert states(pool) == [(NOTHING.name, "failed")]
    assert "there is no folder" in pool.status()[0].reason
    (tmp_path / NOTHING.name).mkdir(parents=True)
    with pytest.raises(ModelLoadError, match="cannot be loaded"):
        pool.engine(NOTHING, time.time() + 30)
