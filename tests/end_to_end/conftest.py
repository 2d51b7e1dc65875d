"""The whole of Ductape as real processes, with the real local model and a provider on loopback."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ductape import Ductape
from ductape.stack import Stack, StackOptions, environment
from tests.end_to_end import audited
from tests.end_to_end.provider import Provider

MODELS = Path(os.environ.get("DUCTAPE_MODELS_DIR") or Path(__file__).parents[2] / ".ductape" / "models")


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def connections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whom the processes of the stack connect to; see `audited`."""
    return audited.install(tmp_path_factory.mktemp("audited"))


@pytest.fixture(scope="session")
def stack(provider: Provider, connections: Path) -> Iterator[Stack]:
    data = Path(tempfile.mkdtemp(prefix="ductape-e2e-"))
    options = StackOptions(data=data, models_dir=MODELS, demo_model=True, quiet=True, database_url=None, redis_url=None)
    with pytest.MonkeyPatch.context() as patch:
        # Loopback is closed to models unless the operator opens it, and then for one port.
        patch.setenv("DUCTAPE_EGRESS_ALLOW", f"127.0.0.1:{provider.port}")
        patch.setenv("PYTHONPATH", str(connections.parent))
        patch.setattr(environment, "_PASSED_ON", (*environment._PASSED_ON, "PYTHONPATH"))
        try:
            with Stack(options) as stack:
                yield stack
        finally:
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def client(stack: Stack) -> Iterator[Ductape]:
    with Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key) as client:
        yield client
