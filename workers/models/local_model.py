from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, Unpack

from workers.models.calls import CallOptions, Said
from workers.models.config import ModelConfig
from workers.models.errors import ModelError
from workers.models.factory import LocalAdapterFactory
from workers.models.responses import HarmonizedResponse, ResponseChunk


class BaseLocalModel:
    """A local model, whichever backend generates. Source: seed marsys-models-api, BaseLocalModel.

    Args:
        options: as of `LocalProviderAdapter`.

    Raises:
        ModelError: a setting that the model does not take, or it cannot be loaded.
    """

    def __init__(
        self,
        model_name: str,
        model_class: str = "llm",
        backend: str = "huggingface",
        max_tokens: int = 1024,
        thinking_budget: int | None = None,
        **options: Any,
    ) -> None:
        self.adapter = LocalAdapterFactory.create_adapter(
            backend, model_name, model_class, max_tokens=max_tokens, thinking_budget=thinking_budget, **options
        )

    @classmethod
    def from_config(cls, config: ModelConfig) -> Self:
        """Raises: ModelError: the configuration is one of an API model, or the model does not take it."""
        if config.type != "local" or config.model_class is None:
            raise ModelError("the configuration is one of an API model; use BaseAPIModel", "invalid_settings")
        loading: dict[str, Any] = {"torch_dtype": config.torch_dtype, "device_map": config.device_map}
        on_gpus = {name: getattr(config, name) for name in ("tensor_parallel_size", "quantization")}
        on_gpus["gpu_memory_utilization"] = config.gpu_memory_utilization
        said = {name: value for name, value in on_gpus.items() if value is not None}
        return cls(
            config.name, config.model_class, config.backend or "huggingface", **loading, **said, **config.settings()
        )

    def run(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> Any:
        """As `LocalProviderAdapter.run`."""
        return self.adapter.run(messages, **options)

    async def arun(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> HarmonizedResponse:
        """As `LocalProviderAdapter.arun`."""
        return await self.adapter.arun(messages, **options)

    def stream(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> AsyncGenerator[ResponseChunk, None]:
        """As `LocalProviderAdapter.stream`."""
        return self.adapter.stream(messages, **options)

    def stream_sync(self, messages: Sequence[Said], **options: Unpack[CallOptions]) -> Iterator[ResponseChunk]:
        """As `LocalProviderAdapter.stream_sync`."""
        return self.adapter.stream_sync(messages, **options)

    def cleanup(self) -> None:
        """Fail the calls still running and free the memory. Afterwards the model takes no calls."""
        self.adapter.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()
