from __future__ import annotations

import asyncio
import subprocess
import time
from contextlib import aclosing
from pathlib import Path

import pytest
from redis import Redis

from tests.workers.calls import PARIS, SPEC, STORY, call, read, within
from workers.models.base import TextDelta
from workers.models.errors import ModelError, ModelLoadError, ModelTimeoutError
from workers.models.hosted import HostedModel, HostedModels
from workers.models.hosted_protocol import CANCEL_KEY, GENERATE, HOST_KEY, HOSTS_KEY, HostCall, HostStatus


async def test_a_model_behind_a_host_answers(smol: HostedModel) -> None:
    text, finished = await read(smol, call(PARIS))
    assert text == "The capital of France is Paris."
    assert finished.finish_reason == "stop"
    assert finished.usage.completion_tokens == 8


async def test_the_answer_comes_in_pieces_while_it_is_made(smol: HostedModel) -> None:
    times = [time.monotonic() async for _ in smol.stream(call(STORY, max_tokens=16))]
    assert len(times) > 5
    assert times[-1] - times[0] > 0.1


async def test_calls_at_once_get_their_own_answers(smol: HostedModel) -> None:
    alone = [await read(smol, call(prompt, max_tokens=8)) for prompt in (PARIS, STORY)]
    together = await asyncio.gather(*(read(smol, call(prompt, max_tokens=8)) for prompt in (PARIS, STORY) * 4))
    assert together == alone * 4


async def test_a_stream_closed_early_frees_the_host(smol: HostedModel, redis_url: str) -> None:
    story = call(STORY)
    async with aclosing(smol.stream(story)) as chunks:
        assert isinstance(await anext(chunks), TextDelta)
    start = time.monotonic()
    await read(smol, call(PARIS))
    assert time.monotonic() - start < 5
    with Redis.from_url(redis_url) as redis:
        assert redis.exists(CANCEL_KEY.format(call_id=story.call_id))


async def test_the_deadline_ends_the_stream(smol: HostedModel) -> None:
    start = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        await read(smol, within(1, call(STORY)))
    assert 0.9 < time.monotonic() - start < 2


async def test_a_call_that_cannot_run_says_why(smol: HostedModel) -> None:
    with pytest.raises(ModelError, match=r"context of .* holds 8192") as caught:
        await read(smol, call("sea " * 10_000))
    assert caught.value.code == "context_length_exceeded"
    assert not caught.value.retryable


async def test_a_model_that_is_not_there_is_a_load_error(models: HostedModels, smol: HostedModel) -> None:
    unknown = models.model(SPEC.model_copy(update={"name": "nobody/nothing"}))
    with pytest.raises(ModelLoadError, match="no weights for nobody/nothing"):
        await read(unknown, call(PARIS))


async def test_a_queue_without_a_host_is_refused_at_once(models: HostedModels, smol: HostedModel) -> None:
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"start one with: python -m workers.hosting --queues host.nobody") as caught:
        await read(models.model(SPEC, queue="host.nobody"), call(PARIS))
    assert (caught.value.code, caught.value.retryable) == ("no_host", True)
    assert time.monotonic() - start < 1


async def test_a_host_that_has_just_come_is_found_at_once(models: HostedModels, redis_url: str) -> None:
    model = models.model(SPEC, queue="host.just-come")
    with pytest.raises(ModelError, match="no host serves"):
        await read(model, call(PARIS))

    # What was read a moment ago says that there is none.
    status = HostStatus(name="new", state="ready", queues=["host.just-come"], models=[])
    with Redis.from_url(redis_url) as redis:
        redis.sadd(HOSTS_KEY, "new-1")
        redis.set(HOST_KEY.format(host_id="new-1"), status.model_dump_json(), ex=5)
    with pytest.raises(ModelTimeoutError):
        await read(model, within(0.5, call(PARIS)))


async def test_what_is_asked_and_answered_is_not_in_the_log(smol: HostedModel, host_log: Path) -> None:
    text, _ = await read(smol, call("Tell me about canary-4711.", max_tokens=16))
    for broken in (call("canary-4711", temperature=9), call("canary-4711 " * 8000), call("canary-4711", oops=1)):
        with pytest.raises(ModelError):
            await read(smol, broken)
    log = host_log.read_text()
    assert GENERATE in log
    assert "canary-4711" not in log
    assert text not in log


def queue_call(models: HostedModels, stream: str, call_id: str) -> None:
    question = call(PARIS)
    message = HostCall(
        call_id=call_id,
        reply_stream=stream,
        model=SPEC,
        messages=question.messages,
        settings=question.settings,
        deadline=question.deadline,
    )
    models._celery.send_task(GENERATE, args=[message.model_dump(mode="json")], queue="host.default")


async def test_a_message_delivered_twice_runs_once(models: HostedModels, smol: HostedModel, redis_url: str) -> None:
    for _ in range(3):
        queue_call(models, "twice", "the-same-call")
    await read(smol, call(STORY, max_tokens=24))
    with Redis.from_url(redis_url) as redis:
        kinds = [fields[b"data"] for _, fields in redis.xrange("twice")]
    assert sum(b'"started"' in kind for kind in kinds) == 1
    assert sum(b'"done"' in kind for kind in kinds) == 1


async def test_garbage_in_the_queue_does_no_harm(
    models: HostedModels, smol: HostedModel, host: subprocess.Popen[bytes], redis_url: str
) -> None:
    with Redis.from_url(redis_url) as redis:
        for garbage in ("not json", "[]", "{}", "null", "7", '{"body": 1, "properties": {}}', "[" * 5000, b"\xff\xfe"):
            redis.lpush("host.default", garbage)
    wrong: list[list[object]] = [[], [None], ["text"], [{"call_id": 1}], [{}, {}]]
    for arguments in wrong:
        models._celery.send_task(GENERATE, args=arguments, queue="host.default")
    models._celery.send_task("os.system", args=["true"], queue="host.default")
    text, _ = await read(smol, call(PARIS))
    assert text == "The capital of France is Paris."
    assert host.poll() is None
