from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import Cache, PreTrainedModel

from workers.models.batching.cache import joined, new_cache, selected
from workers.models.batching.row import Row


@dataclass(slots=True, eq=False)
class Batch:
    """Rows whose keys and values lie side by side, the shorter ones padded on the left."""

    rows: list[Row]
    cache: Cache
    mask: Tensor
    """(rows, length): 1 for a token, 0 for padding. On the CPU, like all bookkeeping."""

    def step(self, model: PreTrainedModel) -> Tensor:
        """Reads the last token of every row; gives the logits of the next, (rows, vocabulary)."""
        tokens = torch.tensor([row.generated[-1:] for row in self.rows])
        positions = self.mask.sum(-1, keepdim=True)
        self.mask = F.pad(self.mask, (0, 1), value=1)
        return forward(model, {"input_ids": tokens}, self.mask, positions, self.cache)

    def join(self, other: Batch) -> Batch:
        length = max(self.mask.shape[1], other.mask.shape[1])
        mask = torch.cat([F.pad(mask, (length - mask.shape[1], 0)) for mask in (self.mask, other.mask)])
        return Batch(self.rows + other.rows, joined(self.cache, other.cache, length), mask)

    def without_ended(self) -> Batch | None:
        """Only the rows that go on, and no more padding than they need."""
        kept = [index for index, row in enumerate(self.rows) if not row.ended]
        if len(kept) == len(self.rows):
            return self
        if not kept:
            return None
        mask = self.mask[kept]
        padding = int(mask.argmax(-1).min())
        rows = [self.rows[index] for index in kept]
        return Batch(rows, selected(self.cache, kept, padding), mask[:, padding:])


class Prefill:
    """Reads the prompts of some rows together, a chunk at a time, so that the rows already answering do not stall."""

    def __init__(self, rows: list[Row]) -> None:
        length = max(len(row.prompt) for row in rows)
        self._tokens = torch.zeros(len(rows), length, dtype=torch.long)
        self._mask = torch.zeros_like(self._tokens)
        for index, row in enumerate(rows):
            self._tokens[index, length - len(row.prompt) :] = torch.tensor(row.prompt)
            self._mask[index, length - len(row.prompt) :] = 1
        self._positions = (self._mask.cumsum(-1) - 1).clamp(min=0)
        self._read = 0
        self._cache = new_cache()
        self.rows = rows

    def step(self, model: PreTrainedModel, tokens: int) -> Tensor | None:
        """Reads up to `tokens` tokens of every row; gives the logits of the first new token once all is read."""
        start, self._read = self._read, self._read + tokens
        part = slice(start, self._read)
        inputs = self._inputs(model, part)
        logits = forward(model, inputs, self._mask[:, : self._read], self._positions[:, part], self._cache)
        return logits if self._read >= self._tokens.shape[1] else None

    def _inputs(self, model: PreTrainedModel, part: slice) -> dict[str, Tensor]:
        tokens = self._tokens[:, part]
        if all(row.embeddings is None for row in self.rows):
            return {"input_ids": tokens}
        embeddings = model.get_input_embeddings()(tokens.to(model.device))
        for index, row in enumerate(self.rows):
            if row.embeddings is not None:
                padding = self._tokens.shape[1] - len(row.prompt)
                own = F.pad(row.embeddings, (0, 0, padding, 0))[part]
                embeddings[index] = own.to(embeddings)
        return {"inputs_embeds": embeddings}

    def batch(self) -> Batch:
        return Batch(self.rows, self._cache, self._mask)


def forward(
    model: PreTrainedModel, inputs: Mapping[str, Tensor], mask: Tensor, positions: Tensor, cache: Cache
) -> Tensor:
    """The logits after the last of the inputs, (rows, vocabulary). The cache grows in place.

    Args:
        inputs: `input_ids` or `inputs_embeds`.
    """
    output = model(
        **{name: tensor.to(model.device) for name, tensor in inputs.items()},
        attention_mask=mask.to(model.device),
        position_ids=positions.to(model.device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    logits: Tensor = output.logits[:, -1]
    return logits
