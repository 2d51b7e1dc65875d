"""The one loop that executes a run, plain or streamed, whatever serves the model."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing
from itertools import count
from typing import cast

from control_plane.runs import shown
from control_plane.runs.candidates import Candidates
from control_plane.runs.database import in_thread
from control_plane.runs.models import Run
from control_plane.runs.services import Outcome, finish_run
from ductape.types import runs
from ductape.types.config import Resolved
from ductape.types.runs import RunEvent, Timing, TokenUsage
from workers.models.base import ChatCall, Finished, TextDelta
from workers.models.errors import ModelError, ModelTimeoutError

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT_MS = 600_000
Emit = Callable[[RunEvent], None]


class Execution:
    """One run on its way from its first row to its last.

    Args:
        run: the row, already written.
        candidates: who may answer it.
        emit: takes each event as it happens; must not block.
    """

    def __init__(self, run: Run, candidates: Candidates, emit: Emit) -> None:
        self._run = run
        self._candidates = candidates
        self._emit = emit
        self._seq = count(1)
        self._started = time.monotonic()
        self._first_token: float | None = None
        self._text: list[str] = []
        self._usage = TokenUsage()

    async def complete(self) -> runs.Run:
        """Call the candidates and record what came of it; the run has ended when this returns or raises."""
        self._emit(runs.RunStarted(seq=next(self._seq), run=shown.run(self._run)))
        try:
            outcome = await self._outcome()
        except asyncio.CancelledError:
            stopped = self._ended(Run.Status.STOPPED, "client_disconnected")
            await asyncio.shield(in_thread(self._run.workspace_id, self._finish, stopped))
            raise
        return await self._record(outcome)

    async def _outcome(self) -> Outcome:
        try:
            reason = await self._call()
        except ModelTimeoutError as error:
            return self._ended(Run.Status.TIMED_OUT, "timeout", error)
        except ModelError as error:
            return self._failed(error)
        except Exception:
            logger.exception("run %s broke", self._run.id)
            return self._failed(ModelError("something broke here; the run id is in our log", "internal_error", True))
        return self._ended(Run.Status.COMPLETED, reason)

    async def _call(self) -> str:
        async with aclosing(self._candidates.model.stream(self._chat_call())) as chunks:
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
            error=shown.error(error) if error else None,
            models_tried=self._candidates.tried(),
        )

    async def _record(self, outcome: Outcome) -> runs.Run:
        ended = await asyncio.shield(in_thread(self._run.workspace_id, self._finish, outcome))
        self._emit(runs.RunEnded(seq=next(self._seq), run=ended))
        return ended

    def _finish(self, outcome: Outcome) -> runs.Run:
        return shown.run(finish_run(run=self._run, outcome=outcome))
