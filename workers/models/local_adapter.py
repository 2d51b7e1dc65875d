from __future__ import annotations

import asyncio
import os
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, ClassVar, Literal, Self, Unpack

from pydantic import ValidationError

from ductape.types.entities import LocalSettings
from workers.models.base import ChatCall, ChatChunk, Finished
from workers.models.calls import CallOptions, Said, chat_call, checked_settings
from workers.models.errors import ModelError, ModelLoadError
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import LocalEngine
from workers.models.responses import HarmonizedResponse, ResponseChunk, gather
from workers.models.weights import resolve_weights

_LOADING = frozenset(LocalSettings.model_fields) - {"model_class", "backend"}


class LocalProviderAdapter(ABC):
    """A local model in this process. Source: seed marsys-models-api, LocalProviderAdapter.

    One object serves any number of calls at once, from any thread and event loop: they generate together.

    Args:
        model_name: a folder, or a name below `DUCTAPE_MODELS_DIR`, or else a Hugging Face id, which is downloaded.
        max_tokens: of an answer, unless a call says otherwise.
        thinking_budget: tokens of thinking, for models that think.
        options: how it is loaded, as `LocalSettings`; and what every call sends, as `ConfigOverrides`.

    Raises:
        ModelError: a setting that the model does not take.
        ModelLoadError: it cannot be loaded.
    """

    model_class: ClassVar[Literal["llm", "vlm"]]
    backend: ClassVar[Literal["huggingface", "vllm"]]
    """Name of the library that generates."""
    supports_training: ClassVar[bool] = False
    """Whether `model` and `tokenizer` are there to be trained."""
    model: Any = None
    tokenizer: Any = None

    def __init__(
        self, model_name: str, max_tokens: int = 1024, thinking_budget: int | None = None, **options: Any
    ) -> None:
        if options.pop("trust_remote_code", False):
            message = "trust_remote_code is refused: it runs code that comes with the weights; use a built-in model"
            raise ModelLoadError(message, "remote_code_refused")
        loading = {name: options.pop(name) for name in _LOADING & set(options)}
        self.model_name = model_name
        self._settings = checked_settings(
            "local", {"max_tokens": max_tokens, "thinking_budget": thinking_budget, **options}
        )
        self._engine: LocalEngine | None = self._load(_folder(model_name), self._spec(loading))

    @abstractmethod
    def _load(self, folder: Path, spec: ModelSpec) -> LocalEngine:
        """
        Raises:
            ModelLoadError: it cannot be loaded.
        """

    def run(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> Any:
        """The answer; inside a running event loop, where waiting would stop everything else, an awaitable of it.

        Args:
            options: as of `arun`.

        Raises:
            ModelError: the call cannot be, or it failed.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return _whole(self.stream_sync(messages, **options))
        return self.arun(messages, **options)

    async def arun(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> HarmonizedResponse:
        """One answer, when it is whole.

        Args:
            messages: in the shape of OpenAI's chat completions. They are not changed.
            options: what is said here comes before what the model says; `None` for a setting sends nothing for it.

        Raises:
            ModelError: the call cannot be, or it failed.
        """
        async with aclosing(self.stream(messages, **options)) as chunks:
            return _whole([chunk async for chunk in chunks])

    async def stream(
        self, messages: Sequence[Said], **options: Unpack[CallOptions]
    ) -> AsyncGenerator[ResponseChunk, None]:
        """The answer in pieces; the last chunk has no piece but the whole `response`. Closing it ends the call.

        Args:
            options: as of `arun`.

        Raises:
            ModelError: the call cannot be, or it failed.
        """
        engine, call, answer = self._engine_for(messages, options)
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[ChatChunk | ModelError] = asyncio.Queue()

        def emit(chunk: ChatChunk | ModelError) -> None:
            loop.call_soon_threadsafe(arrived.put_nowait, chunk)

        try:
            await asyncio.to_thread(engine.submit, call, emit)
            while not answer.over:
                yield answer.take(await arrived.get())
        finally:
            if not answer.over:
                engine.cancel(call.call_id)

    def stream_sync(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> Iterator[ResponseChunk]:
        """`stream` for code without an event loop.

        Raises:
            ModelError: as `stream`.
        """
        engine, call, answer = self._engine_for(messages, options)
        arrived: SimpleQueue[ChatChunk | ModelError] = SimpleQueue()
        try:
            engine.submit(call, arrived.put)
            while not answer.over:
                yield answer.take(arrived.get())
        finally:
            if not answer.over:
                engine.cancel(call.call_id)

    def cleanup(self) -> None:
        """Fail the calls still running and free the memory. Afterwards the model takes no calls."""
        engine, self._engine = self._engine, None
        self.model = self.tokenizer = None
        if engine is not None:
            engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()

    def _spec(self, loading: Mapping[str, Any]) -> ModelSpec:
        try:
            local = LocalSettings(model_class=self.model_class, backend=self.backend, **loading)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise ModelError(f"setting {first['loc'][0]}: {first['msg']}", "invalid_settings") from None
        return ModelSpec(name=Path(self.model_name).name, local=local)

    def _engine_for(self, messages: Sequence[Said], options: CallOptions) -> tuple[LocalEngine, ChatCall, _Answer]:
        if self._engine is None:
            raise ModelError("the model was cleaned up; make a new one", "model_closed")
        call = chat_call("local", messages, self._settings, options, streamed=True)
        return self._engine, call, _Answer(self.model_name)


class _Answer:
    """A call under way."""

    def __init__(self, model_name: str) -> None:
        self._model_name = model_name
        self._start = time.monotonic()
        self._chunks: list[ChatChunk] = []
        self.over = False

    def take(self, chunk: ChatChunk | ModelError) -> ResponseChunk:
        self.over = isinstance(chunk, ModelError | Finished)
        if isinstance(chunk, ModelError):
            raise chunk
        self._chunks.append(chunk)
        if not self.over:
            return ResponseChunk.of(chunk)
        seconds = time.monotonic() - self._start
        return ResponseChunk(
            response=gather(self._chunks, provider="local", model_name=self._model_name, seconds=seconds)
        )


def _whole(chunks: Sequence[ResponseChunk] | Iterator[ResponseChunk]) -> HarmonizedResponse:
    *_, last = chunks
    assert last.response is not None
    return last.response


def _folder(model_name: str) -> Path:
    folder = Path(model_name)
    models_dir = Path(os.environ.get("DUCTAPE_MODELS_DIR", "models"))
    return folder if folder.is_absolute() and folder.is_dir() else resolve_weights(model_name, models_dir)
