from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

import torch
from torch import Tensor
from transformers import PreTrainedModel

from workers.models.batching.batch import Batch, Prefill
from workers.models.batching.row import Row
from workers.models.errors import ModelError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    rows: int = 32
    """Requests that generate at once; more wait."""
    prefill_tokens: int = 512
    """Prompt tokens read between two decoding steps."""
    cache_tokens: int = 131_072
    """Tokens, padding included, whose keys and values are kept at once. One request always fits."""


class BatchingLoop:
    """Owns the model: one thread reads prompts and decodes, for all requests together."""

    def __init__(self, model: PreTrainedModel, limits: Limits | None = None) -> None:
        self._model = model
        self._limits = limits or Limits()
        self._inbox: SimpleQueue[Row | str | None] = SimpleQueue()
        self._waiting: deque[Row] = deque()
        self._prefill: Prefill | None = None
        self._batch: Batch | None = None
        self._thread = Thread(target=self._run, name="batching", daemon=True)
        self._thread.start()

    def submit(self, row: Row) -> None:
        self._inbox.put(row)

    def cancel(self, call_id: str) -> None:
        self._inbox.put(call_id)

    def close(self) -> None:
        """Fails all rows and waits for the step under way."""
        self._inbox.put(None)
        self._thread.join()

    @torch.inference_mode()
    def _run(self) -> None:
        while self._receive():
            self._drop_expired()
            try:
                self._read_prompts()
                self._decode()
            except Exception:
                logger.exception("a decoding step failed")
                self._fail_running()
        for row in self._rows():
            row.fail(stopping())

    def _receive(self) -> bool:
        """Takes what has arrived, waiting while there is nothing to do. False: it is time to stop."""
        idle = not any(True for _ in self._rows())
        try:
            while (message := self._inbox.get(block=idle)) is not None:
                idle = False
                self._take(message)
        except Empty:
            return True
        return False

    def _take(self, message: Row | str) -> None:
        if isinstance(message, Row):
            self._waiting.append(message)
            return
        for row in self._rows():
            if row.call_id == message:
                row.cancel()

    def _rows(self) -> Iterable[Row]:
        yield from self._waiting
        yield from self._prefill.rows if self._prefill else ()
        yield from self._batch.rows if self._batch else ()

    def _drop_expired(self) -> None:
        now = time.time()
        for row in self._rows():
            row.expire(now)
        self._waiting = deque(row for row in self._waiting if not row.ended)
        if self._prefill and all(row.ended for row in self._prefill.rows):
            self._prefill = None
        self._drop_ended()

    def _read_prompts(self) -> None:
        if self._prefill is None and (group := self._next_group()):
            self._prefill = Prefill(group)
        if self._prefill is None:
            return
        logits = self._prefill.step(self._model, max(1, self._limits.prefill_tokens // len(self._prefill.rows)))
        if logits is None:
            return
        batch = self._prefill.batch()
        self._batch = self._batch.join(batch) if self._batch else batch
        self._prefill = None
        _extend(batch.rows, logits)
        self._drop_ended()

    def _decode(self) -> None:
        if self._batch is None:
            return
        _extend(self._batch.rows, self._batch.step(self._model))
        self._drop_ended()

    def _drop_ended(self) -> None:
        self._batch = self._batch.without_ended() if self._batch else None

    def _next_group(self) -> list[Row]:
        group: list[Row] = []
        while self._waiting and self._fits([*group, self._waiting[0]]):
            group.append(self._waiting.popleft())
        return group

    def _fits(self, group: list[Row]) -> bool:
        rows = [*group, *(self._batch.rows if self._batch else ())]
        if len(rows) == 1:
            return True
        return (
            len(rows) <= self._limits.rows
            and len(rows) * max(row.longest for row in rows) <= self._limits.cache_tokens
            and (len(group) == 1 or len(group) * max(len(row.prompt) for row in group) <= self._limits.prefill_tokens)
        )

    def _fail_running(self) -> None:
        running = [*(self._prefill.rows if self._prefill else ()), *(self._batch.rows if self._batch else ())]
        self._prefill = self._batch = None
        for row in running:
            row.fail(ModelError("the model failed while generating; see the host's log", "host_error", retryable=True))


def stopping() -> ModelError:
    return ModelError("the host is stopping; try again", code="host_stopping", retryable=True)


def _extend(rows: list[Row], logits: Tensor) -> None:
    likeliest = logits.argmax(-1).tolist()
    for row, token, scores in zip(rows, likeliest, logits, strict=True):
        if row.ended:
            continue
        try:
            row.accept(row.steering.choose(token, scores))
        except ModelError as error:
            row.fail(error)
        except Exception:
            logger.exception("a row failed")
            row.fail(ModelError("this request failed while generating; see the host's log", "host_error"))
