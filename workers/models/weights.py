from __future__ import annotations

import re
from pathlib import Path

from workers.models.errors import ModelLoadError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_FILES = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]


def resolve_weights(name: str, models_dir: Path) -> Path:
    """The folder that holds a model: `<models_dir>/<name>`, or else a download of the Hugging Face id.

    The loaders get a folder and never the name, because they would take a name for a path relative to the process.

    Raises:
        ModelLoadError: the name is not one, or there are no such weights.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise ModelLoadError("a model name looks like `folder` or `owner/name`", code="invalid_model_name")
    folder = models_dir / name
    if not folder.is_dir():
        return _download(name, folder)
    if not folder.resolve().is_relative_to(models_dir.resolve()):
        raise ModelLoadError(f"{folder} leads out of the models folder; put the files there, not a link")
    return folder


def _download(name: str, folder: Path) -> Path:
    from huggingface_hub import snapshot_download

    try:
        # Only data files: neither pickled weights nor code ever reach this machine.
        return Path(snapshot_download(name, allow_patterns=_FILES))
    except Exception as error:
        raise ModelLoadError(
            f"no weights for {name}: there is no folder {folder}, and the model hub gave none "
            f"({type(error).__name__}); put the model into that folder or check the name and the connection"
        ) from None
