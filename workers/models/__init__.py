"""The model layer: API models and local ones behind one interface. Each name is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ductape.types.messages import ToolCall as ToolCall
    from ductape.types.runs import TokenUsage as TokenUsage
    from workers.models.adapters.huggingface_llm import HuggingFaceLLMAdapter as HuggingFaceLLMAdapter
    from workers.models.adapters.huggingface_vlm import HuggingFaceVLMAdapter as HuggingFaceVLMAdapter
    from workers.models.api import BaseAPIModel as BaseAPIModel
    from workers.models.config import ModelConfig as ModelConfig
    from workers.models.errors import ModelAPIError as ModelAPIError
    from workers.models.errors import ModelError as ModelError
    from workers.models.errors import ModelLoadError as ModelLoadError
    from workers.models.errors import ModelRateLimitError as ModelRateLimitError
    from workers.models.errors import ModelTimeoutError as ModelTimeoutError
    from workers.models.errors import ModelTokenLimitError as ModelTokenLimitError
    from workers.models.factory import LocalAdapterFactory as LocalAdapterFactory
    from workers.models.local_adapter import LocalProviderAdapter as LocalProviderAdapter
    from workers.models.local_model import BaseLocalModel as BaseLocalModel
    from workers.models.responses import HarmonizedResponse as HarmonizedResponse
    from workers.models.responses import ResponseChunk as ResponseChunk
    from workers.models.responses import ResponseMetadata as ResponseMetadata

_HOMES = {
    "BaseAPIModel": "workers.models.api",
    "BaseLocalModel": "workers.models.local_model",
    "HarmonizedResponse": "workers.models.responses",
    "HuggingFaceLLMAdapter": "workers.models.adapters.huggingface_llm",
    "HuggingFaceVLMAdapter": "workers.models.adapters.huggingface_vlm",
    "LocalAdapterFactory": "workers.models.factory",
    "LocalProviderAdapter": "workers.models.local_adapter",
    "ModelAPIError": "workers.models.errors",
    "ModelConfig": "workers.models.config",
    "ModelError": "workers.models.errors",
    "ModelLoadError": "workers.models.errors",
    "ModelRateLimitError": "workers.models.errors",
    "ModelTimeoutError": "workers.models.errors",
    "ModelTokenLimitError": "workers.models.errors",
    "ResponseChunk": "workers.models.responses",
    "ResponseMetadata": "workers.models.responses",
    "TokenUsage": "ductape.types.runs",
    "ToolCall": "ductape.types.messages",
}
# `import *` asks for every name at once, and must not load torch for those who want none of these.
__all__ = sorted(name for name, home in _HOMES.items() if ".adapters." not in home)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
