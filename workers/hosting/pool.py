from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from threading import Lock, Thread

from workers.models.errors import ModelError, ModelLoadError, ModelTimeoutError
from workers.models.factory import load_engine
from workers.models.hosted_protocol import ModelSpec, ModelStatus
from workers.models.local import LocalEngine

logger = logging.getLogger(__name__)


class ModelPool:
    """The loaded models, one engine for all calls with an equal spec. Loads on first use, one model at a time."""

    def __init__(self, models_dir: Path) -> None:
        self._models_dir = models_dir
        self._engines: dict[str, Future[LocalEngine]] = {}
        self._status: dict[str, ModelStatus] = {}
        self._lock = Lock()
        self._loading = Lock()

    def engine(self, spec: ModelSpec, deadline: float) -> LocalEngine:
        """The engine for a spec, loaded if need be; everyone who asks meanwhile waits for the same load.

        Args:
            deadline: unix time in seconds.

        Raises:
            ModelLoadError: it cannot be loaded. The next call tries again.
            ModelTimeoutError: the load goes on, but the deadline passed.
        """
        try:
            return self._future(spec).result(timeout=max(0, deadline - time.time()))
        except FutureTimeoutError:
            raise ModelTimeoutError(f"{spec.name} was still loading when the deadline passed", retryable=True) from None

    def status(self) -> list[ModelStatus]:
        with self._lock:
            return list(self._status.values())

    def close(self) -> None:
        with self._lock:
            futures, self._engines = list(self._engines.values()), {}
        for future in futures:
            if future.done() and future.exception() is None:
                future.result().close()

    def _future(self, spec: ModelSpec) -> Future[LocalEngine]:
        key = spec.model_dump_json()
        with self._lock:
            if key in self._engines:
                return self._engines[key]
            future: Future[LocalEngine] = Future()
            self._engines[key] = future
            self._status[key] = ModelStatus(model=spec, state="loading")
        # A thread that does not keep the process alive: a load cannot be interrupted.
        Thread(target=self._load, args=(key, spec, future), name=f"load {spec.name}", daemon=True).start()
        return future

    def _load(self, key: str, spec: ModelSpec, future: Future[LocalEngine]) -> None:
        start = time.monotonic()
        try:
            with self._loading:
                engine = load_engine(spec, self._models_dir)
        except Exception as error:
            logger.exception("loading %s failed", spec.name)
            self._forget(key, spec, _typed(error, spec), future)
            return
        logger.info("loaded %s in %.1f s", spec.name, time.monotonic() - start)
        with self._lock:
            self._status[key] = ModelStatus(model=spec, state="ready")
        future.set_result(engine)

    def _forget(self, key: str, spec: ModelSpec, error: ModelError, future: Future[LocalEngine]) -> None:
        with self._lock:
            self._engines.pop(key, None)
            self._status[key] = ModelStatus(model=spec, state="failed", reason=error.message)
        future.set_exception(error)


def _typed(error: Exception, spec: ModelSpec) -> ModelError:
    if isinstance(error, ModelError):
        return error
    return ModelLoadError(f"loading {spec.name} failed ({type(error).__name__}); see the host's log")
