"""The one loop that executes a run, plain or streamed, whatever serves the model."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import count
from typing import cast

from control_plane.runs import shown
from control_plane.runs.database import in_thread
from control_plane.runs.models import Run
from control_plane.runs.services import Outcome, finish_run
from ductape.types import runs
from ductape.types.config import Resolved
from ductape.types.runs import RunError, RunEvent, Timing, TokenUsage
from workers.models.base import ChatCall, ChatModel, Finished, TextDelta
from workers.models.errors import ModelError, ModelTimeoutError

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT_MS = 600_000
KEY_REFUSED = "authentication_failed"
Emit = Callable[[RunEvent], None]
Renew = Callable[[], Awaitable[ChatModel | None]]
"""The model with the key that is active now; `None`: that is the one it has."""


class Execution:
    """One run on its way from its first row to its last.

    Args:
        run: the row, already written.
        emit: takes each event as it happens; must not block.
    """

    def __init__(self, run: Run, emit: Emit) -> None:
        self._run = run
        self._emit = emit
        self._seq = count(1)
        self._started = time.monotonic()
        self._first_token: float | None = None
        self._text: list[str] = []
        self._usage = TokenUsage()

    async def complete(self, model: ChatModel, renew: Renew) -> runs.Run:
        """Call the model and record what came of it; the run has ended when this returns or raises.

        Args:
            renew: asked once, when the provider refuses the key: it may have been replaced in between.
        """
        self._emit(runs.RunStarted(seq=next(self._seq), run=shown.run(self._run)))
        try:
            outcome = await self._outcome(model, renew)
        except asyncio.CancelledError:
            stopped = self._ended(Run.Status.STOPPED, "client_disconnected")
            await asyncio.shield(in_thread(self._run.workspace_id, self._finish, stopped))
            raise
        return await self._record(outcome)

    async def fail(self, error: ModelError) -> runs.Run:
        """End the run without a call."""
        self._emit(runs.RunStarted(seq=next(self._seq), run=shown.run(self._run)))
        return await self._record(self._failed(error))

    async def _outcome(self, model: ChatModel, renew: Renew) -> Outcome:
        try:
            reason = await self._answered(model, renew)
        except ModelTimeoutError as error:
            return self._ended(Run.Status.TIMED_OUT, "timeout", error)
        except ModelError as error:
            return self._failed(error)
        except Exception:
            logger.exception("run %s broke", self._run.id)
            return self._failed(ModelError("something broke here; the run id is in our log", "internal_error", True))
        return self._ended(Run.Status.COMPLETED, reason)

    async def _answered(self, model: ChatModel, renew: Renew) -> str:
        try:
            return await self._call(model)
        except ModelError as error:
            refused = error
        renewed = await renew() if refused.code == KEY_REFUSED else None
        if renewed is None:
            raise refused
        return await self._call(renewed)

    async def _call(self, model: ChatModel) -> str:
        async with aclosing(model.stream(self._chat_call())) as chunks:
            async for chunk in chunks:
                match chunk:
                    case TextDelta(text):
                        self._take(text)
                    case Finished(finish_reason, usage):
                        self._usage = usage
                        return finish_reason
        raise ModelError("the model's answer ended without saying why; run it again", "incomplete", True)

    def _take(self, text: str) -> None:
        if self._first_token is None:
            self._first_token = time.monotonic()
        self._text.append(text)
        self._emit(runs.MessageDelta(seq=next(self._seq), text=text))

    def _chat_call(self) -> ChatCall:
        settings = Resolved.model_validate(self._run.resolved).values()
        timeout_ms = cast(int | None, settings.pop("timeout", None)) or DEFAULT_TIMEOUT_MS
        return ChatCall(
            call_id=f"{self._run.id}:{self._run.attempt}",
            messages=self._run.messages,
            settings=settings,
            deadline=time.time() + timeout_ms / 1000,
        )

    def _failed(self, error: ModelError) -> Outcome:
        return self._ended(Run.Status.FAILED, error.code, error)

    def _ended(self, status: Run.Status, reason: str, error: ModelError | None = None) -> Outcome:
        now = time.monotonic()
        first = None if self._first_token is None else (self._first_token - self._started) * 1000
        return Outcome(
            status=status,
            stop_reason=reason,
            output="".join(self._text),
            usage=self._usage,
            timing=Timing(total=(now - self._started) * 1000, time_to_first_token=first),
            error=RunError(code=error.code, message=error.message, retryable=error.retryable) if error else None,
        )

    async def _record(self, outcome: Outcome) -> runs.Run:
        ended = await asyncio.shield(in_thread(self._run.workspace_id, self._finish, outcome))
        self._emit(runs.RunEnded(seq=next(self._seq), run=ended))
        return ended

    def _finish(self, outcome: Outcome) -> runs.Run:
        return shown.run(finish_run(run=self._run, outcome=outcome))
