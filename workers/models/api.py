from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, Unpack

from pydantic import SecretStr

from workers.models.base import ChatChunk, Finished
from workers.models.calls import CallOptions, Said, chat_call, checked_settings
from workers.models.config import ModelConfig
from workers.models.egress import Egress, parse_allowed
from workers.models.environment_keys import environment_key
from workers.models.errors import ModelError
from workers.models.loops import LoopKeeper
from workers.models.responses import HarmonizedResponse, ResponseChunk, gather
from workers.models.retries import RetryingModel
from workers.models.wires import wire_for


class BaseAPIModel:
    """A model behind a provider's API. Source: seed marsys-models-api, BaseAPIModel.

    One object serves any number of calls at once, from any thread and event loop. What it opens in a loop is closed
    when `asyncio.run` ends that loop; elsewhere by `cleanup()`, or by `async with`.

    Args:
        provider: a row of `workers.models.wires.PROVIDERS`.
        api_key: out of the provider's environment variable unless given; see `environment_keys`.
        base_url: the provider's own unless given. One on a private address must be in `DUCTAPE_EGRESS_ALLOW`.
        max_tokens: of an answer, unless a call says otherwise.
        settings: what every call sends, under the names of `ConfigOverrides`; `timeout` is in milliseconds.

    Raises:
        ModelError: no such provider, no key, or a setting that it does not take.
    """

    def __init__(
        self,
        provider: str,
        model_name: str,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        max_tokens: int = 1024,
        **settings: Any,
    ) -> None:
        key = SecretStr(api_key) if isinstance(api_key, str) else api_key or environment_key(provider, base_url)
        self._egress = Egress(parse_allowed(os.environ.get("DUCTAPE_EGRESS_ALLOW", "")))
        wire = wire_for(provider, model_name=model_name, base_url=base_url, api_key=key, egress=self._egress)
        self.provider = provider
        self.model_name = model_name
        self._settings = checked_settings(provider, {"max_tokens": max_tokens, **settings})
        self._model = RetryingModel(wire, model_name)
        self._keeper = LoopKeeper(self._egress)

    @classmethod
    def from_config(cls, config: ModelConfig) -> Self:
        """Raises: ModelError: the configuration is one of a local model, or the provider does not take it."""
        if config.type != "api" or config.provider is None:
            raise ModelError("the configuration is one of a local model; use BaseLocalModel", "invalid_settings")
        return cls(config.provider, config.name, config.api_key, config.base_url, **config.settings())

    def run(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> Any:
        """The answer; inside a running event loop, where waiting would stop everything else, an awaitable of it.

        Its type depends on where it is called, which no annotation can say: typed code calls `arun`.

        Args:
            options: as of `arun`.

        Raises:
            ModelError: the call cannot be, or it failed.
        """
        answer = self.arun(messages, **options)
        return answer if _inside_a_loop() else asyncio.run(answer)

    async def arun(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> HarmonizedResponse:
        """One answer, when it is whole.

        Args:
            messages: in the shape of OpenAI's chat completions. They are not changed.
            options: what is said here comes before what the model says; `None` for a setting sends nothing for it.

        Raises:
            ModelError: the call cannot be, or it failed.
        """
        async with aclosing(self._chunks(messages, options, streamed=False)) as chunks:
            async for chunk in chunks:
                if chunk.response is not None:
                    return chunk.response
        raise AssertionError("the last chunk has the response")

    def stream(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> AsyncGenerator[ResponseChunk, None]:
        """The answer in pieces; the last chunk has no piece but the whole `response`.

        Args:
            options: as of `arun`.

        Raises:
            ModelError: the call cannot be, or it failed. After the first piece it is not made again.
        """
        return self._chunks(messages, options, streamed=True)

    def stream_sync(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> Iterator[ResponseChunk]:
        """`stream` for code without an event loop.

        Raises:
            ModelError: as `stream`.
            RuntimeError: called inside an event loop, which it would stop.
        """
        if _inside_a_loop():
            raise RuntimeError("stream_sync would stop the event loop; use `async for chunk in model.stream(...)`")
        with asyncio.Runner() as runner:
            chunks = self.stream(messages, **options)
            try:
                while (chunk := runner.run(_next(chunks))) is not None:
                    yield chunk
            finally:
                runner.run(chunks.aclose())

    async def cleanup(self) -> None:
        """Close what is open in the running loop. The model can be used again."""
        await self._keeper.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cleanup()

    async def _chunks(
        self, messages: Sequence[Said], options: CallOptions, *, streamed: bool
    ) -> AsyncGenerator[ResponseChunk, None]:
        call = chat_call(self.provider, messages, self._settings, options, streamed=streamed)
        await self._keeper.open()
        start = time.monotonic()
        heard: list[ChatChunk] = []
        async with aclosing(self._model.stream(call)) as chunks:
            async for chunk in chunks:
                heard.append(chunk)
                if not isinstance(chunk, Finished):
                    yield ResponseChunk.of(chunk)
        seconds = time.monotonic() - start
        yield ResponseChunk(response=gather(heard, provider=self.provider, model_name=self.model_name, seconds=seconds))


async def _next(chunks: AsyncGenerator[ResponseChunk, None]) -> ResponseChunk | None:
    return await anext(chunks, None)


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
