"""The direct wire against a server that nobody here wrote: `transformers serve` with the packaged model."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.calls import PARIS, STORY, call, read
from tests.workers.servers import stop, wait_until
from workers.models.base import ChatModel
from workers.models.egress import Egress, parse_allowed
from workers.models.errors import ModelError
from workers.models.packaged import PACKAGED_MODEL
from workers.models.wires import wire_for

for needed in ("fastapi", "uvicorn"):
    pytest.importorskip(needed, reason="transformers serve needs it")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def server(models_dir: Path, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the model there."""
    folder = str((models_dir / PACKAGED_MODEL).resolve())
    log = tmp_path_factory.mktemp("serve") / "log"
    serve = "from transformers.cli.transformers import main; main()"
    command = [sys.executable, "-c", serve, "serve", folder, "--host", "127.0.0.1", "--port", str(port)]
    passed_on = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = {**passed_on, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "passive"}
    with log.open("wb") as output:
        process = subprocess.Popen([*command, "--device", "cpu"], env=env, stdout=output, stderr=output)
    try:
        wait_until(lambda: process.poll() is not None or b"Uvicorn running" in log.read_bytes(), seconds=60)
        assert process.poll() is None, log.read_text()[-2000:]
        yield folder
    finally:
        stop(process)


@pytest.fixture
async def model(server: str, port: int) -> AsyncIterator[ChatModel]:
    egress = Egress(parse_allowed(f"127.0.0.1:{port}"))
    yield wire_for("custom", model_name=server, base_url=f"http://127.0.0.1:{port}/v1", api_key=None, egress=egress)
    await egress.close()


@pytest.mark.parametrize("streamed", [True, False])
async def test_it_answers_with_reason_and_usage(model: ChatModel, streamed: bool) -> None:
    text, finished = await read(model, replace(call(PARIS, max_tokens=30), streamed=streamed))

    assert text == "The capital of France is Paris."
    assert finished.finish_reason == "stop"
    assert (finished.usage.prompt_tokens, finished.usage.completion_tokens) == (42, 8)


@pytest.mark.parametrize("streamed", [True, False])
async def test_it_ends_at_the_limit(model: ChatModel, streamed: bool) -> None:
    _, finished = await read(model, replace(call(STORY, max_tokens=5), streamed=streamed))

    assert (finished.finish_reason, finished.usage.completion_tokens) == ("length", 5)


async def test_it_ends_at_a_stop_text(model: ChatModel) -> None:
    text, finished = await read(model, call(PARIS, max_tokens=30, stop_sequences=[" is"]))

    assert text.startswith("The capital of France")
    assert "Paris" not in text
    assert finished.finish_reason == "stop"


async def test_a_value_that_it_refuses_is_an_error_of_ours(model: ChatModel) -> None:
    with pytest.raises(ModelError) as raised:
        await read(model, call(PARIS, temperature="warm"))
    assert raised.value.status_code is not None
    assert "warm" not in raised.value.message
