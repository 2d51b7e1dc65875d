from __future__ import annotations

import gc
from pathlib import Path
from threading import Lock
from typing import cast

import torch
import torch.nn.functional as F
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from ductape.types.config import ConfigOverrides
from ductape.types.messages import ChatMessage
from workers.models.base import ChatCall
from workers.models.batching.batch import forward
from workers.models.batching.cache import new_cache
from workers.models.batching.loop import BatchingLoop
from workers.models.batching.row import Row
from workers.models.batching.sampling import Sampler, SamplingSettings
from workers.models.batching.text import Detokenizer, StopFilter
from workers.models.errors import ModelError, ModelLoadError
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import Emit, checked_settings

DEFAULT_MAX_TOKENS = 1024


class HuggingFaceLLM:
    """A causal language model of transformers."""

    def __init__(self, name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._name = name
        self._tokenizer = tokenizer
        # A fast tokenizer is one Rust object that must not be changed while another thread reads it.
        self._encoding = Lock()
        self._context = model.config.get_text_config().max_position_embeddings
        self._end_tokens = _end_tokens(model, tokenizer)
        self._loop = BatchingLoop(model)

    def submit(self, call: ChatCall, emit: Emit) -> None:
        settings = checked_settings(call.settings)
        prompt = self._encode(call.messages)
        row = Row(
            call_id=call.call_id,
            prompt=prompt,
            max_tokens=self._room(len(prompt), settings.max_tokens),
            deadline=call.deadline,
            end_tokens=self._end_tokens,
            sampler=Sampler(_sampling(settings)),
            detokenizer=Detokenizer(self._decode),
            stop_filter=StopFilter(settings.stop_sequences or []),
            emit=emit,
        )
        self._loop.submit(row)

    def cancel(self, call_id: str) -> None:
        self._loop.cancel(call_id)

    def close(self) -> None:
        self._loop.close()
        del self._loop
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _encode(self, messages: list[ChatMessage]) -> list[int]:
        if self._tokenizer.chat_template is None:
            message = f"{self._name} has no chat template, so it takes no messages; use an instruct or chat model"
            raise ModelError(message, code="no_chat_template")
        try:
            with self._encoding:
                # Typed for messages that are text alone; the template decides what it takes.
                chat = cast(list[dict[str, str]], messages)
                text = self._tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
                return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        except (TemplateError, KeyError, TypeError) as error:
            message = f"the chat template of {self._name} does not take these messages; check roles and their order"
            raise ModelError(message, code="invalid_messages") from error

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _room(self, prompt: int, asked: int | None) -> int:
        left = self._context - prompt
        if left >= (asked or 1):
            return asked or min(left, DEFAULT_MAX_TOKENS)
        wanted = f"the prompt has {prompt} tokens" + (f" and max_tokens asks for {asked}" if asked else "")
        raise ModelError(
            f"{wanted}, but the context of {self._name} holds {self._context}; shorten the messages"
            + (" or lower max_tokens" if asked else ""),
            code="context_length_exceeded",
        )


def load(folder: Path, spec: ModelSpec) -> HuggingFaceLLM:
    """
    Raises:
        ModelLoadError: the settings are not for this backend, or the folder's weights cannot be read.
    """
    local = spec.local
    if local.quantization is not None or local.tensor_parallel_size != 1:
        raise ModelLoadError("quantization and tensor_parallel_size need the backend vllm; remove them or change it")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=local.torch_dtype, device_map=local.device_map, trust_remote_code=False, use_safetensors=True
        )
    except Exception as error:
        # The libraries raise nearly everything here, and their text may quote the files; the cause goes to the log.
        needs = "it takes a config, a tokenizer and safetensors weights"
        message = f"{spec.name} cannot be loaded ({type(error).__name__}): {needs}"
        raise ModelLoadError(message) from error
    _try_out(spec.name, model)
    return HuggingFaceLLM(spec.name, model, tokenizer)


@torch.inference_mode()
def _try_out(name: str, model: PreTrainedModel) -> None:
    """Two rows, one padded, through both kinds of step: a model that cannot do this is refused now, not in a call."""
    tokens, mask = torch.ones(2, 2, dtype=torch.long), torch.tensor([[0, 1], [1, 1]])
    cache = new_cache()
    try:
        forward(model, tokens, mask, mask.cumsum(-1) - mask, cache)
        forward(model, tokens[:, :1], F.pad(mask, (0, 1), value=1), mask.sum(-1, keepdim=True), cache)
    except Exception as error:
        message = f"{name} is of a kind that cannot be served in batches ({type(error).__name__}); use another model"
        raise ModelLoadError(message) from error


def _end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    configured = model.generation_config.eos_token_id
    several = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in [*several, tokenizer.eos_token_id] if token is not None)


def _sampling(settings: ConfigOverrides) -> SamplingSettings:
    return SamplingSettings(
        temperature=1.0 if settings.temperature is None else settings.temperature,
        top_p=1.0 if settings.top_p is None else settings.top_p,
        frequency_penalty=settings.frequency_penalty or 0.0,
        presence_penalty=settings.presence_penalty or 0.0,
        seed=settings.seed,
    )
