from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from workers.models.errors import ModelLoadError
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import LocalEngine
from workers.models.weights import resolve_weights

ADAPTERS = {
    ("huggingface", "llm"): "workers.models.adapters.huggingface_llm",
}
"""(backend, model_class) -> the module whose `load` makes the engine. Imported on first use: they import torch."""


class _Adapter(Protocol):
    def load(self, folder: Path, spec: ModelSpec) -> LocalEngine: ...


def load_engine(spec: ModelSpec, models_dir: Path) -> LocalEngine:
    """Loads a model; takes seconds to minutes.

    Raises:
        ModelLoadError: nothing here serves such a model, or its weights cannot be had or read.
    """
    path = ADAPTERS.get((spec.local.backend, spec.local.model_class))
    if path is None:
        served = ", ".join(f"{backend} {model_class}" for backend, model_class in ADAPTERS)
        asked = f"{spec.local.backend} {spec.local.model_class}"
        raise ModelLoadError(f"this host serves {served} only, not {asked}", code="unsupported_backend")
    folder = resolve_weights(spec.name, models_dir)
    return cast(_Adapter, import_module(path)).load(folder, spec)
