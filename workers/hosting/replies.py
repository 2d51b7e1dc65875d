from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from redis import Redis, RedisError

from workers.models.hosted_protocol import Delta, Done, Failed, HostCall, HostReply, Thinking

logger = logging.getLogger(__name__)

_COALESCE = 0.02
"""Seconds between two sends: text that comes closer together travels as one reply."""
_STREAM_LENGTH = 10_000
_STREAM_TTL = 3600


@dataclass(frozen=True, slots=True)
class _Entry:
    stream: str
    deadline: float
    fields: dict[Any, Any]


@dataclass(slots=True)
class _Outgoing:
    """What one call has to say until the next send."""

    call: HostCall
    replies: list[HostReply] = field(default_factory=list)

    def add(self, reply: HostReply) -> None:
        last = self.replies[-1] if self.replies else None
        if isinstance(reply, Delta | Thinking) and isinstance(last, Delta | Thinking) and last.type == reply.type:
            self.replies[-1] = reply.model_copy(update={"text": last.text + reply.text})
        else:
            self.replies.append(reply)


class ReplySender:
    """Sends the replies of all calls, in order: many in one round trip, and again until Redis took them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._outbox: SimpleQueue[tuple[HostCall, HostReply] | None] = SimpleQueue()
        self._numbers: dict[str, int] = {}
        self._closing = Event()
        self._thread = Thread(target=self._run, name="replies", daemon=True)
        self._thread.start()

    def send(self, call: HostCall, reply: HostReply) -> None:
        """Returns at once; any thread may call it."""
        self._outbox.put((call, reply))

    def close(self) -> None:
        """Sends what is left, if Redis takes it now."""
        self._closing.set()
        self._outbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not (self._closing.is_set() and self._outbox.empty()):
            if entries := self._number(self._collect()):
                self._deliver(entries)
                self._closing.wait(_COALESCE)

    def _collect(self) -> list[_Outgoing]:
        """Everything said so far; waits for the first."""
        outgoing: dict[str, _Outgoing] = {}
        message = self._outbox.get()
        try:
            while True:
                if message is not None:
                    call, reply = message
                    outgoing.setdefault(call.call_id, _Outgoing(call)).add(reply)
                message = self._outbox.get_nowait()
        except Empty:
            return list(outgoing.values())

    def _number(self, outgoing: list[_Outgoing]) -> list[_Entry]:
        entries = []
        for item in outgoing:
            for reply in item.replies:
                call_id = item.call.call_id
                number = self._numbers.get(call_id, 0)
                self._numbers[call_id] = number + 1
                if isinstance(reply, Done | Failed):
                    del self._numbers[call_id]
                fields: dict[Any, Any] = {"call": call_id, "seq": number, "data": reply.model_dump_json()}
                entries.append(_Entry(item.call.reply_stream, item.call.deadline, fields))
        return entries

    def _deliver(self, entries: list[_Entry]) -> None:
        while entries:
            try:
                return self._send(entries)
            except RedisError as error:
                logger.warning("replies wait: Redis does not take them (%s)", type(error).__name__)
            if self._closing.wait(0.5):
                return None
            now = time.time()
            entries = [entry for entry in entries if entry.deadline > now]
        return None

    def _send(self, entries: list[_Entry]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for entry in entries:
                pipeline.xadd(entry.stream, entry.fields, maxlen=_STREAM_LENGTH, approximate=True)
            for stream in {entry.stream for entry in entries}:
                pipeline.expire(stream, _STREAM_TTL)
            pipeline.execute()
