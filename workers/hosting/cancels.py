from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from redis import Redis, RedisError

from workers.models.hosted_protocol import CANCEL_KEY

logger = logging.getLogger(__name__)

_INTERVAL = 0.1


class CancelWatcher:
    """Looks for the cancel keys of all running calls, in one request for all of them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._calls: dict[str, Callable[[str], None]] = {}
        self._lock = Lock()
        self._closing = Event()
        self._thread = Thread(target=self._run, name="cancels", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, call_id: str, cancel: Callable[[str], None]) -> Iterator[None]:
        """Calls `cancel(call_id)`, perhaps more than once, when the runner gives the call up."""
        with self._lock:
            self._calls[call_id] = cancel
        try:
            yield
        finally:
            with self._lock:
                self._calls.pop(call_id, None)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(_INTERVAL):
            with self._lock:
                calls = dict(self._calls)
            for call_id in self._cancelled(list(calls)):
                calls[call_id](call_id)

    def _cancelled(self, call_ids: list[str]) -> list[str]:
        if not call_ids:
            return []
        try:
            marks = self._redis.mget([CANCEL_KEY.format(call_id=call_id) for call_id in call_ids])
        except RedisError as error:
            logger.warning("cancels wait: Redis does not answer (%s)", type(error).__name__)
            return []
        return [call_id for call_id, mark in zip(call_ids, marks, strict=True) if mark]
