from __future__ import annotations

from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer

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
from workers.models.chat_messages import with_text_alone
from workers.models.hosted_protocol import ModelSpec


class HuggingFaceLLM(HuggingFaceEngine):
    """A causal language model of transformers."""

    def _prompt(self, call: ChatCall, tools: Tools) -> Prompt:
        text = self._chat.render(with_text_alone(call.messages), tools.plan.tools)
        return Prompt(text, self._encode(text))


def load(folder: Path, spec: ModelSpec) -> HuggingFaceLLM:
    """
    Raises:
        ModelLoadError: the settings are not for this backend, or the folder's weights cannot be read.
    """
    check_settings(spec)
    local = spec.local
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=local.torch_dtype, device_map=local.device_map, trust_remote_code=False, use_safetensors=True
        )
    except Exception as error:
        raise unreadable(spec, error, "it takes a config, a tokenizer and safetensors weights") from error
    try_out(spec.name, model)
    return HuggingFaceLLM(spec, model, tokenizer)


class HuggingFaceLLMAdapter(HuggingFaceAdapter):
    """Source: seed marsys-models-api, HuggingFaceLLMAdapter."""

    model_class = "llm"

    def _load(self, folder: Path, spec: ModelSpec) -> HuggingFaceEngine:
        return self._shown(load(folder, spec))


Adapter = HuggingFaceLLMAdapter
