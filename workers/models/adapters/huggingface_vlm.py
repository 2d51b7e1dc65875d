from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, cast

import torch
from torch import Tensor
from transformers import AutoModelForImageTextToText, AutoProcessor, BatchFeature, PreTrainedModel, ProcessorMixin

from workers.models.adapters.huggingface import (
    HuggingFaceAdapter,
    HuggingFaceEngine,
    Prompt,
    check_settings,
    try_out,
    unreadable,
)
from workers.models.base import ChatCall
from workers.models.chat import Tools
from workers.models.chat_messages import with_images
from workers.models.errors import ModelError, ModelLoadError
from workers.models.hosted_protocol import ModelSpec
from workers.models.image_bytes import decoded


class HuggingFaceVLM(HuggingFaceEngine):
    """A model of transformers that sees: an image is read into embeddings, which stand in the prompt like words."""

    def __init__(self, spec: ModelSpec, model: PreTrainedModel, processor: Any) -> None:
        super().__init__(spec, model, processor.tokenizer)
        self._processor = processor
        self._image_token = int(model.config.image_token_id)
        # The images of one call at a time: they take more memory than words.
        self._seeing = Lock()

    def _prompt(self, call: ChatCall, tools: Tools) -> Prompt:
        messages, urls = with_images(call.messages)
        text = self._chat.render(messages, tools.plan.tools)
        if urls:
            with self._seeing:
                return self._seen(text, urls)
        tokens = self._encode(text)
        if self._image_token in tokens:
            raise self._misplaced(urls)
        return Prompt(text, tokens)

    def _seen(self, text: str, urls: list[str]) -> Prompt:
        images = decoded(urls)
        try:
            with self._encoding:
                inputs = self._processor(images=images, text=[text], return_tensors="pt", add_special_tokens=False)
            return Prompt(text, inputs["input_ids"][0].tolist(), self._embeddings(inputs))
        except (ValueError, StopIteration, IndexError) as error:
            raise self._misplaced(urls) from error

    def _misplaced(self, urls: list[str]) -> ModelError:
        places = f"the messages have {len(urls)} images, but another number of places for them"
        return ModelError(f"{places}; leave the image token of {self._name} out of the text", "invalid_image")

    @torch.inference_mode()
    def _embeddings(self, inputs: BatchFeature) -> Tensor:
        model = cast(Any, self.model)
        tokens: Tensor = inputs["input_ids"][0].to(model.device)
        pixels = {name: value.to(model.device) for name, value in _of_images(inputs).items()}
        embeddings: Tensor = model.get_input_embeddings()(tokens)
        seen = _joined(model.get_image_features(**pixels)).to(embeddings)
        places = tokens == self._image_token
        if int(places.sum()) != len(seen):
            raise ValueError("places and images differ")
        embeddings[places] = seen
        return embeddings


def _of_images(inputs: BatchFeature) -> Mapping[str, Tensor]:
    return {name: value for name, value in inputs.items() if name not in ("input_ids", "attention_mask")}


def _joined(features: Any) -> Tensor:
    """One embedding a row, whichever way the architecture gives them."""
    found = getattr(features, "pooler_output", features)
    parts = list(found) if isinstance(found, list | tuple) else [found]
    return torch.cat([part.reshape(-1, part.shape[-1]) for part in parts])


def load(folder: Path, spec: ModelSpec) -> HuggingFaceVLM:
    """
    Raises:
        ModelLoadError: the settings are not for this backend, or the folder's weights cannot be read.
    """
    check_settings(spec)
    local = spec.local
    try:
        processor = AutoProcessor.from_pretrained(folder, trust_remote_code=False)  # type: ignore[no-untyped-call]
        model = AutoModelForImageTextToText.from_pretrained(
            folder, dtype=local.torch_dtype, device_map=local.device_map, trust_remote_code=False, use_safetensors=True
        )
    except Exception as error:
        raise unreadable(spec, error, "it takes a config, a processor and safetensors weights") from error
    _check_kind(spec, model, processor)
    try_out(spec.name, model)
    return HuggingFaceVLM(spec, model, processor)


def _check_kind(spec: ModelSpec, model: PreTrainedModel, processor: ProcessorMixin) -> None:
    # Others mix images into every layer, or count positions in three dimensions.
    rope = getattr(model.config.get_text_config(), "rope_parameters", None) or {}
    embeds = hasattr(model, "get_image_features") and hasattr(model.config, "image_token_id")
    if not embeds or "mrope_section" in rope or not hasattr(processor, "tokenizer"):
        message = f"{spec.name} reads images in a way that cannot be served in batches; use the backend vllm"
        raise ModelLoadError(message, "unsupported_backend")


class HuggingFaceVLMAdapter(HuggingFaceAdapter):
    """Source: seed marsys-models-api, HuggingFaceVLMAdapter."""

    model_class = "vlm"

    def _load(self, folder: Path, spec: ModelSpec) -> HuggingFaceEngine:
        return self._shown(load(folder, spec))


Adapter = HuggingFaceVLMAdapter
