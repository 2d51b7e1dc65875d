from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from workers.models.errors import ModelLoadError
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import LocalEngine
from workers.models.weights import resolve_weights

if TYPE_CHECKING:
    from workers.models.local_adapter import LocalProviderAdapter

ADAPTERS = {
    ("huggingface", "llm"): "workers.models.adapters.huggingface_llm",
    ("huggingface", "vlm"): "workers.models.adapters.huggingface_vlm",
}
"""(backend, model_class) -> the module whose `load` makes the engine and whose `Adapter` is the class of the seed.
Imported on first use: they import torch."""


class _Module(Protocol):
    Adapter: type[LocalProviderAdapter]

    def load(self, folder: Path, spec: ModelSpec) -> LocalEngine: ...


class LocalAdapterFactory:
    """Source: seed marsys-models-api, LocalAdapterFactory."""

    @staticmethod
    def create_adapter(backend: str, model_name: str, model_class: str = "llm", **options: Any) -> LocalProviderAdapter:
        """
        Args:
            options: as of `LocalProviderAdapter`.

        Raises:
            ModelError: as the adapter, or there is none for such a model.
        """
        return _module(backend, model_class).Adapter(model_name, **options)


def load_engine(spec: ModelSpec, models_dir: Path) -> LocalEngine:
    """Loads a model; takes seconds to minutes.

    Raises:
        ModelLoadError: nothing here serves such a model, or its weights cannot be had or read.
    """
    module = _module(spec.local.backend, spec.local.model_class)
    return module.load(resolve_weights(spec.name, models_dir), spec)


def _module(backend: str, model_class: str) -> _Module:
    path = ADAPTERS.get((backend, model_class))
    if path is None:
        served = ", ".join(f"{backend} {model_class}" for backend, model_class in ADAPTERS)
        raise ModelLoadError(f"this host serves {served} only, not {backend} {model_class}", code="unsupported_backend")
    return cast(_Module, import_module(path))
