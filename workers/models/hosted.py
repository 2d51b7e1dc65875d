from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator

from kombu.exceptions import OperationalError
from redis import RedisError
from redis.asyncio import Redis

from workers.models.base import ChatCall, ChatChunk, Finished
from workers.models.broker import celery_app
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.hosted_protocol import CANCEL_KEY, DEFAULT_QUEUE, GENERATE, NEWER_REPLIES, HostCall, ModelSpec
from workers.models.live_hosts import LiveHosts
from workers.models.reply_reader import PendingCall, ReplyReader

logger = logging.getLogger(__name__)

_PUBLISH_SECONDS = 3
_CANCEL_SECONDS = 3600
"""As long as the longest call: it may still wait in the queue."""
_WATCH_SECONDS = 1


class HostedModels:
    """The models behind hosts, for one event loop: one reply stream and one reader for all its calls.

    Args:
        redis_url: `redis://`, `rediss://` or `unix:///path/to/socket`.
    """

    def __init__(self, redis_url: str) -> None:
        # RESP2: the shape of a stream's entries differs in RESP3.
        self._redis: Redis = Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=2, protocol=2)
        self._celery = celery_app(redis_url)
        self._hosts = LiveHosts(self._redis)
        self._reply_stream = f"ductape:replies:{secrets.token_hex(8)}"
        self._reader = ReplyReader(self._redis, self._reply_stream)
        self._loops: list[asyncio.Task[None]] = []
        self._cancels: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._loops = [asyncio.create_task(self._reader.run()), asyncio.create_task(self._watch())]

    async def close(self) -> None:
        """Once the streams are closed: a call still running gets no more replies."""
        self._reader.closing = True
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, *self._cancels, return_exceptions=True)
        await self._redis.aclose()
        self._celery.close()

    def model(self, spec: ModelSpec, queue: str = DEFAULT_QUEUE) -> HostedModel:
        return HostedModel(self, spec, queue)

    async def send(self, spec: ModelSpec, call: ChatCall, pending: PendingCall) -> None:
        """Hands a call to a host; its answer arrives in `pending`.

        Raises:
            ModelError: `no_host` or `host_unreachable`, both retryable.
        """
        try:
            async with asyncio.timeout(_PUBLISH_SECONDS):
                if not await self._is_served(pending.queue):
                    raise _no_host(pending.queue)
                self._reader.calls[call.call_id] = pending
                pending.running = True
                await asyncio.to_thread(self._publish, spec, call, pending.queue)
        except (RedisError, OperationalError, TimeoutError) as error:
            message = "the queue to the hosts does not answer; check that Redis runs and that REDIS_URL names it"
            raise ModelError(message, code="host_unreachable", retryable=True) from error

    async def _is_served(self, queue: str) -> bool:
        await self._hosts.refresh()
        if not self._hosts.serve(queue):
            # A host that has just come is not in what was read a second ago.
            await self._hosts.refresh(max_age=0)
        return self._hosts.serve(queue)

    def forget(self, call_id: str, pending: PendingCall) -> None:
        """Nobody listens any more; a host that is still at work is told to stop."""
        self._reader.calls.pop(call_id, None)
        if pending.running:
            cancel = asyncio.create_task(self._cancel(call_id))
            self._cancels.add(cancel)
            cancel.add_done_callback(self._cancels.discard)

    def _publish(self, spec: ModelSpec, call: ChatCall, queue: str) -> None:
        message = HostCall(
            call_id=call.call_id,
            reply_stream=self._reply_stream,
            model=spec,
            messages=call.messages,
            settings=call.settings,
            deadline=call.deadline,
            tools=list(call.tools),
            tool_choice=call.tool_choice,
            parallel_tool_calls=call.parallel_tool_calls,
            understands=NEWER_REPLIES,
        )
        self._celery.send_task(
            GENERATE,
            args=[message.model_dump(mode="json", exclude_defaults=True)],
            queue=queue,
            # Celery would copy the messages, shortened, into a header.
            argsrepr="-",
            retry_policy={"max_retries": 1, "interval_start": 0},
        )

    async def _cancel(self, call_id: str) -> None:
        try:
            await self._redis.set(CANCEL_KEY.format(call_id=call_id), 1, ex=_CANCEL_SECONDS)
        except RedisError as error:
            logger.warning("call %s runs on: Redis did not take its cancel (%s)", call_id, type(error).__name__)

    async def _watch(self) -> None:
        """Ends the calls whose host is gone."""
        while not self._reader.closing:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await self._hosts.refresh()
            except RedisError:
                continue
            for call in self._reader.calls.values():
                self._end_if_lost(call)

    def _end_if_lost(self, call: PendingCall) -> None:
        if call.host_id is None:
            if self._hosts.queue_is_lost(call.queue):
                call.fail(_no_host(call.queue))
        elif self._hosts.host_is_lost(call.host_id):
            call.fail(ModelError("the host of this call is gone; try again", code="host_lost", retryable=True))


class HostedModel:
    """A `ChatModel` that some host serves."""

    def __init__(self, models: HostedModels, spec: ModelSpec, queue: str) -> None:
        self._models = models
        self._spec = spec
        self._queue = queue

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        pending = PendingCall(self._queue)
        late = ModelTimeoutError("the deadline passed before the answer was complete")
        timer = asyncio.get_running_loop().call_later(max(0, call.deadline - time.time()), pending.fail, late)
        try:
            await self._models.send(self._spec, call, pending)
            while not isinstance(chunk := await pending.next_chunk(), Finished):
                yield chunk
            yield chunk
        finally:
            timer.cancel()
            self._models.forget(call.call_id, pending)


def _no_host(queue: str) -> ModelError:
    start = "python -m workers.hosting" + ("" if queue == DEFAULT_QUEUE else f" --queues {queue}")
    return ModelError(f"no host serves queue {queue}; start one with: {start}", code="no_host", retryable=True)
