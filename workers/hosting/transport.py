from __future__ import annotations

import logging
from queue import Empty
from typing import Any

from kombu.transport import redis

logger = logging.getLogger(__name__)

_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Channel(redis.Channel):
    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except _UNREADABLE as error:
            # kombu lets this end the worker: one unreadable entry in the queue would stop every call on the host.
            logger.error("dropped an unreadable entry of the queue (%s)", type(error).__name__)
            raise Empty from None


class Transport(redis.Transport):
    """Redis, without dying of a queue entry that is not a message."""

    Channel = Channel
