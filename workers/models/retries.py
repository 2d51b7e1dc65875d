"""Calls are made again where that can help. Source: seed marsys-models-api, Automatic Retry for Server Errors."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import count

from workers.models.base import ChatCall, ChatChunk, ChatModel, Finished
from workers.models.errors import ModelError

logger = logging.getLogger(__name__)

MAX_RETRIES = 3
FIRST_BACKOFF = 1.0
"""Seconds before the first retry; each further one waits twice as long."""
JITTER = 0.1
"""By which part of itself a backoff may grow, so that callers who failed together do not come back together."""

_KINDS = {
    "network_error": "Network error",
    "rate_limit": "Rate limit",
    "stream_cut": "Cut stream",
    "timeout": "Timeout",
}


@dataclass(frozen=True, slots=True)
class Pacing:
    """Where the waits come from."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = time.time
    """Unix time in seconds."""
    jitter: Callable[[], float] = random.random
    """From 0 to 1."""


class RetryingModel:
    """A chat model that makes a call again while that is safe: before the first content, and within its deadline.

    Args:
        model: every call of which is one attempt.
        name: for the log.
    """

    def __init__(self, model: ChatModel, name: str, pacing: Pacing = Pacing()) -> None:
        self._model = model
        # Names come from tenants, and one with a line break would write log lines of its own.
        self._name = name.rpartition("/")[2] if name.isprintable() else "the model"
        self._pacing = pacing

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        for retries in count():
            begun = False
            error = None
            try:
                async with aclosing(self._model.stream(_attempt(call, retries))) as chunks:
                    async for chunk in chunks:
                        begun = True
                        yield self._marked(chunk, retries)
            except ModelError as raised:
                error = raised
            if error is None:
                return
            error.context.update(max_retries=MAX_RETRIES, retry_attempts=retries)
            wait = None if begun else self._wait(error, retries, call.begin_by or call.deadline)
            if wait is None:
                raise error
            await self._pacing.sleep(wait)

    def _marked(self, chunk: ChatChunk, retries: int) -> ChatChunk:
        if retries == 0 or not isinstance(chunk, Finished):
            return chunk
        logger.info("Request successful after %d %s", retries, "retry" if retries == 1 else "retries")
        return replace(chunk, retry_attempts=retries)

    def _wait(self, error: ModelError, retries: int, deadline: float) -> float | None:
        """Seconds until the next attempt; `None`: there is none."""
        if not error.retryable or retries == MAX_RETRIES:
            return None
        wait = self._backoff(retries) if error.provider_wait is None else error.provider_wait
        if self._pacing.clock() + wait >= deadline:
            return None
        logger.warning("%s from %s. Retry %d/%d after %.1fs", _what(error), self._name, retries + 1, MAX_RETRIES, wait)
        return wait

    def _backoff(self, retries: int) -> float:
        return FIRST_BACKOFF * float(2**retries) * (1 + JITTER * self._pacing.jitter())


def _attempt(call: ChatCall, retries: int) -> ChatCall:
    return replace(call, call_id=f"{call.call_id}.{retries}") if retries else call


def _what(error: ModelError) -> str:
    if error.status_code is not None and error.status_code >= 500:
        return f"Server error {error.status_code}"
    kind = _KINDS.get(error.code, "Provider error")
    return kind if error.status_code is None else f"{kind} {error.status_code}"
