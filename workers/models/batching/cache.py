from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import Cache
from transformers.cache_utils import DynamicLayer

_SPARE = 128


class SpaciousLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """Keys and values with room for the tokens to come: transformers' own layer copies all of them at every token."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._key_space = self._value_space = torch.empty(0)

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._key_space, self._value_space = _space(key_states), _space(value_states)
        length = self.get_seq_length()
        self._key_space, self.keys = _append(self._key_space, length, key_states)
        self._value_space, self.values = _append(self._value_space, length, value_states)
        return self.keys, self.values


def new_cache() -> Cache:
    return Cache(layer_class_to_replicate=SpaciousLayer)


def joined(first: Cache, second: Cache, length: int) -> Cache:
    """The rows of both, padded on the left to `length`."""
    return _filled(
        (_stacked(keys, more_keys, length), _stacked(values, more_values, length))
        for (keys, values), (more_keys, more_values) in zip(_tensors(first), _tensors(second), strict=True)
    )


def selected(cache: Cache, rows: list[int], padding: int) -> Cache:
    """Only these rows, without the first `padding` places."""
    return _filled((keys[rows, :, padding:], values[rows, :, padding:]) for keys, values in _tensors(cache))


def _tensors(cache: Cache) -> Iterable[tuple[Tensor, Tensor]]:
    layers = cast(list[SpaciousLayer], cache.layers)
    return ((cast(Tensor, layer.keys), cast(Tensor, layer.values)) for layer in layers)


def _filled(tensors: Iterable[tuple[Tensor, Tensor]]) -> Cache:
    layers: list[Any] = []
    for keys, values in tensors:
        layers.append(SpaciousLayer())
        layers[-1].update(keys, values)
    return Cache(layers=layers)


def _space(like: Tensor) -> Tensor:
    rows, heads, _, size = like.shape
    return like.new_empty(rows, heads, 0, size)


def _append(space: Tensor, length: int, new: Tensor) -> tuple[Tensor, Tensor]:
    end = length + new.shape[2]
    if end > space.shape[2]:
        space = F.pad(space[:, :, :length], (0, 0, 0, end + _SPARE - length))
    space[:, :, length:end] = new
    return space, space[:, :, :end]


def _stacked(first: Tensor, second: Tensor, length: int) -> Tensor:
    return torch.cat([F.pad(tensor, (0, 0, length - tensor.shape[2], 0)) for tensor in (first, second)])
