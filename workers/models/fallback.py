"""One chat model out of several: the next one answers when one fails before its answer began."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence, Set
from contextlib import aclosing
from dataclasses import dataclass, replace

from pydantic import JsonValue

from workers.models.base import ChatCall, ChatChunk, ChatModel
from workers.models.errors import ModelError, ModelTimeoutError


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the models, with what it is asked for."""

    tag: str
    settings: Mapping[str, JsonValue]
    open: Callable[[], Awaitable[ChatModel]]
    """Awaited when its turn has come, so that a key that nobody needs stays closed. Raises ModelError."""


@dataclass(slots=True)
class Tried:
    candidate: Candidate
    error: ModelError | None = None
    """`None`: it answered."""


class FallbackModel:
    """Asks candidates in turn, within the one deadline of the call. For one call at a time.

    Args:
        candidates: the model itself, then its fallbacks.
        when: the conditions; see `ductape.types.fallbacks`.
    """

    def __init__(self, candidates: Sequence[Candidate], when: Set[str] = frozenset()) -> None:
        self._candidates = candidates
        self._when = when
        self.tried: list[Tried] = []
        """Whom the last call asked, in order."""

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        """Raises: ModelError: of the last model that was called; a fallback that cannot be is passed over."""
        self.tried, failure = [], None
        for left, candidate in zip(range(len(self._candidates), 0, -1), self._candidates, strict=True):
            if failure is not None and not self._goes_on(failure, call):
                break
            tried = Tried(candidate)
            self.tried.append(tried)
            try:
                model = await candidate.open()
            except ModelError as error:
                tried.error, failure = error, failure or error
                continue
            begun = False
            try:
                async with aclosing(model.stream(self._share(call, tried, left))) as chunks:
                    async for chunk in chunks:
                        begun = True
                        yield chunk
                return
            except ModelError as error:
                tried.error = failure = error
                if begun:
                    break
        assert failure is not None
        raise failure

    def _goes_on(self, failure: ModelError, call: ChatCall) -> bool:
        meets = failure.code in self._when or (failure.retryable and "retryable" in self._when)
        return meets and time.time() < call.deadline

    def _share(self, call: ChatCall, tried: Tried, left: int) -> ChatCall:
        now = time.time()
        patient = left == 1 or "timeout" not in self._when
        begin_by = None if patient else now + (call.deadline - now) / left
        # A host runs a call id once, and two candidates may be on one host.
        call_id = call.call_id if tried is self.tried[0] else f"{call.call_id}:{tried.candidate.tag}"
        return replace(call, call_id=call_id, settings=dict(tried.candidate.settings), begin_by=begin_by)


class Prompt:
    """A chat model that has to begin its answer in time where the call says so."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        """Raises: ModelTimeoutError: nothing came by `begin_by`; or as the model does."""
        async with aclosing(self._model.stream(call)) as chunks:
            if call.begin_by is not None:
                yield await _first(chunks, call.begin_by)
            async for chunk in chunks:
                yield chunk


async def _first(chunks: AsyncGenerator[ChatChunk, None], begin_by: float) -> ChatChunk:
    try:
        async with asyncio.timeout(begin_by - time.time()):
            return await anext(chunks)
    except TimeoutError:
        pass
    raise ModelTimeoutError("the model did not begin its answer in its share of the time", retryable=True)
