from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from workers.models.base import ToolCallDelta

MAX_CALLS = 128
"""In one answer."""


class ToolCallReader:
    """Makes orderly deltas from the tool calls of servers that leave out ids and indexes, or repeat names."""

    def __init__(self) -> None:
        self._indexes: dict[object, int] = {}
        self._waiting: dict[int, ToolCallDelta] = {}
        self._begun: set[int] = set()
        self._last: object = None

    @property
    def called(self) -> bool:
        return bool(self._begun)

    def read(self, calls: list[Any]) -> Iterator[ToolCallDelta]:
        """Raises: ValueError, TypeError, AttributeError, LookupError: these are no tool calls."""
        for position, call in enumerate(calls):
            index = self._index(call, position)
            function = call.get("function") or {}
            piece = ToolCallDelta(index, _text(call.get("id")), _text(function.get("name")), _arguments(function))
            if (delta := self._in_order(piece)) is not None:
                yield delta

    def _index(self, call: dict[str, Any], position: int) -> int:
        named: object = call.get("index")
        if named is None:
            named = call.get("id") or self._unnamed(call, position)
        self._last = named
        index = self._indexes.setdefault(named, len(self._indexes))
        if index >= MAX_CALLS:
            raise ValueError("too many tool calls")
        return index

    def _unnamed(self, call: dict[str, Any], position: int) -> object:
        # With neither index nor id, a piece without a name goes on with the call before it.
        goes_on = self._last is not None and not (call.get("function") or {}).get("name")
        return self._last if goes_on else position

    def _in_order(self, piece: ToolCallDelta) -> ToolCallDelta | None:
        index = piece.index
        if index in self._begun:
            return ToolCallDelta(index, arguments=piece.arguments) if piece.arguments else None
        held = self._waiting.pop(index, ToolCallDelta(index))
        whole = ToolCallDelta(index, held.id or piece.id, held.name or piece.name, held.arguments + piece.arguments)
        if not whole.name:
            self._waiting[index] = whole
            return None
        self._begun.add(index)
        return ToolCallDelta(index, whole.id or f"call_{uuid.uuid4().hex}", whole.name, whole.arguments)


def _arguments(function: dict[str, Any]) -> str:
    arguments = function.get("arguments")
    return orjson.dumps(arguments).decode() if isinstance(arguments, dict) else _text(arguments)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
