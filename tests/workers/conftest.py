from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

# Before torch is imported, as the host does it: idle threads must not spin.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ["HF_HUB_OFFLINE"] = os.environ["TQDM_DISABLE"] = "1"

from tests.workers.calls import SPEC
from tests.workers.servers import ROOT, host_process, valkey_server
from workers.models.factory import load_engine
from workers.models.hosted import HostedModel, HostedModels
from workers.models.local import LocalEngine
from workers.models.packaged import unpack


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """Where models are kept between runs of the tests."""
    return Path(os.environ.get("DUCTAPE_MODELS_DIR", ROOT / ".ductape" / "models"))


@pytest.fixture(scope="session")
def models_dir(models_folder: Path) -> Path:
    """The same, with the packaged model in it."""
    unpack(models_folder)
    return models_folder


@pytest.fixture(scope="session")
def engine(models_dir: Path) -> Iterator[LocalEngine]:
    engine = load_engine(SPEC, models_dir)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey_server(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def host_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("host") / "log"


@pytest.fixture(scope="session")
def host(redis_url: str, models_dir: Path, host_log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with host_process(redis_url, models_dir, host_log) as process:
        yield process


@pytest.fixture
async def models(redis_url: str) -> AsyncIterator[HostedModels]:
    models = HostedModels(redis_url)
    await models.start()
    yield models
    await models.close()


@pytest.fixture
def smol(host: subprocess.Popen[bytes], models: HostedModels) -> HostedModel:
    """The packaged model behind a real host."""
    return models.model(SPEC)
