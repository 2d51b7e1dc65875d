"""Tokens a second of the packaged model, in the engine alone and behind a host.

`PYTHONPATH=. python tests/benchmarks/host_throughput.py`
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ["HF_HUB_OFFLINE"] = os.environ["TQDM_DISABLE"] = "1"

from ductape.types.entities import LocalSettings
from ductape.types.messages import ChatMessage
from tests.workers.servers import host_process, valkey_server
from workers.models.base import ChatCall, ChatChunk, Finished
from workers.models.errors import ModelError
from workers.models.factory import load_engine
from workers.models.hosted import HostedModel, HostedModels
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import LocalEngine
from workers.models.packaged import PACKAGED_MODEL, unpack

SPEC = ModelSpec(name=PACKAGED_MODEL, local=LocalSettings())
TOKENS = 64

Timed = tuple[int, float]
"""Tokens of an answer, and seconds to its first token."""
Ask = Callable[[ChatCall], Awaitable[Timed]]


def story(number: int) -> ChatCall:
    messages: list[ChatMessage] = [{"role": "user", "content": f"Write a long story about the number {number}."}]
    return ChatCall(uuid.uuid4().hex, messages, {"temperature": 0, "max_tokens": TOKENS}, time.time() + 300)


async def measure(title: str, ask: Ask, concurrency: int) -> None:
    start = time.perf_counter()
    answers = await asyncio.gather(*(ask(story(number)) for number in range(concurrency)))
    seconds = time.perf_counter() - start
    tokens = sum(count for count, _ in answers)
    first = sum(first for _, first in answers) / concurrency
    print(f"{title:8} {concurrency:3} at once: {tokens / seconds:6.1f} tokens/s, first token {first:.2f} s", flush=True)


def of_engine(engine: LocalEngine) -> Ask:
    async def ask(call: ChatCall) -> Timed:
        start, first = time.perf_counter(), 0.0
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Finished] = loop.create_future()

        def emit(chunk: ChatChunk | ModelError) -> None:
            nonlocal first
            first = first or time.perf_counter() - start
            if isinstance(chunk, Finished):
                loop.call_soon_threadsafe(ended.set_result, chunk)
            elif isinstance(chunk, ModelError):
                loop.call_soon_threadsafe(ended.set_exception, chunk)

        engine.submit(call, emit)
        return (await ended).usage.completion_tokens, first

    return ask


def of_host(model: HostedModel) -> Ask:
    async def ask(call: ChatCall) -> Timed:
        start, first = time.perf_counter(), 0.0
        async for chunk in model.stream(call):
            first = first or time.perf_counter() - start
            if isinstance(chunk, Finished):
                return chunk.usage.completion_tokens, first
        raise AssertionError("a stream ends with Finished")

    return ask


async def compare(models_dir: Path, redis_url: str, sizes: list[int]) -> None:
    engine = load_engine(SPEC, models_dir)
    for size in sizes:
        await measure("engine", of_engine(engine), size)
    engine.close()
    models = HostedModels(redis_url)
    await models.start()
    with host_process(redis_url, models_dir):
        ask = of_host(models.model(SPEC))
        await ask(story(0))
        for size in sizes:
            await measure("host", ask, size)
    await models.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--models-dir", type=Path, default=Path(os.environ.get("DUCTAPE_MODELS_DIR", ".ductape/models"))
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 8, 32])
    options = parser.parse_args()
    unpack(options.models_dir)
    with tempfile.TemporaryDirectory() as folder, valkey_server(Path(folder)) as redis_url:
        asyncio.run(compare(options.models_dir, redis_url, options.sizes))


if __name__ == "__main__":
    main()
