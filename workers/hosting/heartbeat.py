from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from redis import Redis, RedisError

from workers.models.hosted_protocol import HOST_KEY, HOST_TTL, HOSTS_KEY, HostStatus

logger = logging.getLogger(__name__)

_INTERVAL = 2.0


class Heartbeat:
    """Tells the runners that this host is alive, and what it serves."""

    def __init__(self, redis: Redis, host_id: str, status: Callable[[], HostStatus]) -> None:
        self._redis = redis
        self._host_id = host_id
        self._key = HOST_KEY.format(host_id=host_id)
        self._status = status
        self._closing = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Signs off, so that nobody waits for the last beat to expire."""
        self._closing.set()
        self._thread.join()
        self._try(self._sign_off)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._try(self._beat)
            self._closing.wait(_INTERVAL)

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except RedisError as error:
            logger.warning("no heartbeat: Redis does not answer (%s)", type(error).__name__)

    def _beat(self) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.set(self._key, self._status().model_dump_json(), ex=HOST_TTL)
            pipeline.sadd(HOSTS_KEY, self._host_id)
            pipeline.smembers(HOSTS_KEY)
            *_, members = pipeline.execute()
        self._strike_off_dead([member.decode() for member in members])

    def _strike_off_dead(self, host_ids: list[str]) -> None:
        beats = self._redis.mget([HOST_KEY.format(host_id=host_id) for host_id in host_ids])
        dead = [host_id for host_id, beat in zip(host_ids, beats, strict=True) if beat is None]
        if dead:
            self._redis.srem(HOSTS_KEY, *dead)

    def _sign_off(self) -> None:
        self._redis.delete(self._key)
        self._redis.srem(HOSTS_KEY, self._host_id)
