from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import cast

from pydantic import ValidationError
from redis import RedisError
from redis.asyncio import Redis

from workers.models.base import ChatChunk, Finished, TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.errors import ModelError, ModelLoadError, ModelTimeoutError, ModelTokenLimitError
from workers.models.hosted_protocol import (
    Calling,
    Delta,
    Done,
    Failed,
    HostReply,
    Started,
    Thinking,
    host_reply,
)

logger = logging.getLogger(__name__)

_BLOCK_MS = 1000
_Streams = list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]
_ERRORS = {
    "timeout": ModelTimeoutError,
    "context_length_exceeded": ModelTokenLimitError,
    "model_load_failed": ModelLoadError,
}


@dataclass(slots=True, eq=False)
class PendingCall:
    """A call that waits for its host."""

    queue: str
    host_id: str | None = None
    """The host that took the call."""
    running: bool = False
    """A host may be at work on it."""
    _mailbox: asyncio.Queue[ChatChunk | ModelError] = field(default_factory=asyncio.Queue)
    _next_seq: int = 0

    async def next_chunk(self) -> ChatChunk:
        """
        Raises:
            ModelError: the call failed.
        """
        chunk = await self._mailbox.get()
        if isinstance(chunk, ModelError):
            raise chunk
        return chunk

    def fail(self, error: ModelError) -> None:
        self._mailbox.put_nowait(error)

    def receive(self, seq: int, reply: HostReply) -> None:
        if seq < self._next_seq:
            return
        if seq > self._next_seq:
            self.fail(ModelError("a part of the answer was lost; try again", "reply_lost", retryable=True))
        self._next_seq = seq + 1
        self._take(reply)

    def _take(self, reply: HostReply) -> None:
        match reply:
            case Started():
                self.host_id = reply.host_id
            case Delta():
                self._mailbox.put_nowait(TextDelta(reply.text))
            case Thinking():
                self._mailbox.put_nowait(ThinkingDelta(reply.text))
            case Calling():
                self._mailbox.put_nowait(ToolCallDelta(reply.index, reply.id, reply.name, reply.arguments))
            case Done():
                self.running = False
                self._mailbox.put_nowait(Finished(reply.finish_reason, reply.usage))
            case Failed():
                self.running = False
                self.fail(_ERRORS.get(reply.code, ModelError)(reply.message, reply.code, reply.retryable))


class ReplyReader:
    """Reads this process's reply stream and hands each reply to its call."""

    def __init__(self, redis: Redis, stream: str) -> None:
        self._redis = redis
        self._stream = stream
        self._last_id: bytes | str = "0"
        self.calls: dict[str, PendingCall] = {}
        # redis-py may turn a cancellation into a time-out and go on, so cancelling the task is not enough.
        self.closing = False

    async def run(self) -> None:
        while not self.closing:
            try:
                await self._read()
            except RedisError as error:
                logger.warning("replies wait: Redis does not answer (%s)", type(error).__name__)
                await asyncio.sleep(0.5)

    async def _read(self) -> None:
        answer = await self._redis.xread({self._stream: self._last_id}, count=512, block=_BLOCK_MS)
        for _, entries in cast(_Streams, answer or []):
            for entry_id, fields in entries:
                self._last_id = entry_id
                self._dispatch(fields)

    def _dispatch(self, fields: dict[bytes, bytes]) -> None:
        call = self.calls.get(fields.get(b"call", b"").decode())
        if call is None:
            return
        try:
            call.receive(int(fields[b"seq"]), host_reply.validate_json(fields[b"data"]))
        except (KeyError, ValidationError, ValueError):
            call.fail(ModelError("the host's answer is not understood; run the same version on both", "host_error"))
