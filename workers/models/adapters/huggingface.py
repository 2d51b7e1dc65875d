"""What the two kinds of models of transformers share."""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from dataclasses import dataclass
from threading import Lock
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ductape.types.config import ConfigOverrides
from workers.models.base import ChatCall
from workers.models.batching.batch import forward
from workers.models.batching.cache import new_cache
from workers.models.batching.grammar import Grammar, GrammarCompiler
from workers.models.batching.loop import BatchingLoop, stopping
from workers.models.batching.row import Row
from workers.models.batching.sampling import Sampler, SamplingSettings
from workers.models.batching.steering import Steering
from workers.models.batching.text import Detokenizer
from workers.models.chat import ChatFormat, Tools
from workers.models.errors import ModelError, ModelLoadError, ModelTokenLimitError
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import Emit, checked_settings
from workers.models.local_adapter import LocalProviderAdapter
from workers.models.tool_calls.grammar import grammar_of

DEFAULT_MAX_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    tokens: list[int]
    embeddings: Tensor | None = None
    """(tokens, width), where not every token is one of the vocabulary."""


class HuggingFaceEngine(ABC):
    """One loaded model; what it makes of messages, its kind decides."""

    def __init__(self, spec: ModelSpec, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self._name = spec.name
        self._chat = ChatFormat(spec.name, tokenizer, spec.local.tool_parser)
        # A fast tokenizer is one Rust object that must not be changed while another thread reads it.
        self._encoding = Lock()
        self._context = model.config.get_text_config().max_position_embeddings
        self._end_tokens = _end_tokens(model, tokenizer)
        vocabulary = model.config.get_text_config().vocab_size
        self._grammars = GrammarCompiler(tokenizer, vocabulary, self._end_tokens)
        self._loop = BatchingLoop(model)
        self._closed = False

    def submit(self, call: ChatCall, emit: Emit) -> None:
        if self._closed:
            raise stopping()
        settings = checked_settings(call.settings)
        tools = self._chat.tools(call)
        grammar = self._grammar(tools, settings)
        prompt = self._prompt(call, tools)
        answer = self._chat.answer(prompt.text, tools, settings.stop_sequences or [])
        steering = Steering(
            Sampler(_sampling(settings)),
            answer,
            encode=self._encode,
            end_tokens=self._end_tokens,
            grammar=grammar,
            thinking_budget=self._thinking_budget(settings),
            thinks_with=self._chat.token(self._chat.tags.open) if self._chat.tags else None,
        )
        row = Row(
            call_id=call.call_id,
            prompt=prompt.tokens,
            embeddings=prompt.embeddings,
            max_tokens=self._room(len(prompt.tokens), settings.max_tokens),
            deadline=call.deadline,
            end_tokens=self._end_tokens,
            steering=steering,
            detokenizer=Detokenizer(self._chat.decode),
            answer=answer,
            emit=emit,
        )
        self._loop.submit(row)

    def cancel(self, call_id: str) -> None:
        if not self._closed:
            self._loop.cancel(call_id)

    def close(self) -> None:
        self._closed = True
        self._loop.close()
        del self._loop, self.model
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    @abstractmethod
    def _prompt(self, call: ChatCall, tools: Tools) -> Prompt:
        """
        Raises:
            ModelError: the model cannot read these messages.
        """

    def _encode(self, text: str) -> list[int]:
        with self._encoding:
            return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _grammar(self, tools: Tools, settings: ConfigOverrides) -> Grammar | None:
        lark = grammar_of(tools.plan, tools.format, settings.response_format, self._chat.token)
        return None if lark is None else self._grammars.compile(lark)

    def _thinking_budget(self, settings: ConfigOverrides) -> int | None:
        if settings.thinking_budget is not None and self._chat.tags is None:
            message = f"{self._name} does not think, so it cannot apply thinking_budget; set it to null"
            raise ModelError(message, code="unsupported_setting")
        return settings.thinking_budget

    def _room(self, prompt: int, asked: int | None) -> int:
        left = self._context - prompt
        if left >= (asked or 1):
            return asked or min(left, DEFAULT_MAX_TOKENS)
        wanted = f"the prompt has {prompt} tokens" + (f" and max_tokens asks for {asked}" if asked else "")
        raise ModelTokenLimitError(
            f"{wanted}, but the context of {self._name} holds {self._context}; shorten the messages"
            + (" or lower max_tokens" if asked else ""),
            limit=self._context,
        )


class HuggingFaceAdapter(LocalProviderAdapter):
    """Gives the model and the tokenizer away for training. Train it between calls, not while it answers."""

    backend = "huggingface"
    supports_training = True

    def _shown(self, engine: HuggingFaceEngine) -> HuggingFaceEngine:
        self.model, self.tokenizer = engine.model, engine.tokenizer
        return engine


def check_settings(spec: ModelSpec) -> None:
    """Raises: ModelLoadError: a setting is not for this backend."""
    if spec.local.quantization is not None or spec.local.tensor_parallel_size != 1:
        raise ModelLoadError("quantization and tensor_parallel_size need the backend vllm; remove them or change it")


def unreadable(spec: ModelSpec, error: Exception, needs: str) -> ModelLoadError:
    # The libraries raise nearly everything here, and their text may quote the files; the cause goes to the log.
    return ModelLoadError(f"{spec.name} cannot be loaded ({type(error).__name__}): {needs}")


@torch.inference_mode()
def try_out(name: str, model: PreTrainedModel) -> None:
    """Two rows, one padded, through both kinds of step: a model that cannot do this is refused now, not in a call."""
    tokens, mask = torch.ones(2, 2, dtype=torch.long), torch.tensor([[0, 1], [1, 1]])
    cache = new_cache()
    try:
        forward(model, {"input_ids": tokens}, mask, mask.cumsum(-1) - mask, cache)
        forward(model, {"input_ids": tokens[:, :1]}, F.pad(mask, (0, 1), value=1), mask.sum(-1, keepdim=True), cache)
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
        top_k=cast(int | None, (settings.parameters or {}).get("top_k")),
        frequency_penalty=settings.frequency_penalty or 0.0,
        presence_penalty=settings.presence_penalty or 0.0,
        seed=settings.seed,
    )
