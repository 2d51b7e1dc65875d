from __future__ import annotations

import time
from typing import cast

from redis.asyncio import Redis

from workers.models.hosted_protocol import HOST_KEY, HOSTS_KEY, HostStatus

_FRESH = 1.0
_GRACE = 2.5
"""Seconds to wait for one that is missing: a wiped Redis forgets the living too, until they beat again."""


class LiveHosts:
    """Which hosts are alive and which queues they serve, as of at most a second ago."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._read_at = -_FRESH
        self._hosts_seen: dict[str, float] = {}
        self._queues_seen: dict[str, float] = {}

    async def refresh(self, max_age: float = _FRESH) -> None:
        """
        Args:
            max_age: seconds; what was read within them is fresh enough.

        Raises:
            RedisError: Redis does not answer.
        """
        if time.monotonic() - self._read_at < max_age:
            return
        members = cast(set[bytes], await self._redis.smembers(HOSTS_KEY))
        ids = [member.decode() for member in members]
        beats = await self._redis.mget([HOST_KEY.format(host_id=host_id) for host_id in ids]) if ids else []
        self._read_at = time.monotonic()
        for host_id, beat in zip(ids, beats, strict=True):
            if beat is not None:
                self._see(host_id, HostStatus.model_validate_json(beat))

    def serve(self, queue: str) -> bool:
        """Whether a host takes new calls from this queue."""
        return self._queues_seen.get(queue) == self._read_at

    def host_is_lost(self, host_id: str) -> bool:
        return self._read_at - self._hosts_seen.setdefault(host_id, self._read_at) > _GRACE

    def queue_is_lost(self, queue: str) -> bool:
        return self._read_at - self._queues_seen.get(queue, self._read_at) > _GRACE

    def _see(self, host_id: str, host: HostStatus) -> None:
        self._hosts_seen[host_id] = self._read_at
        if host.state == "ready":
            self._queues_seen.update(dict.fromkeys(host.queues, self._read_at))
