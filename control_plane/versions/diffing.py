"""What changed between two contents: a pure function over JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ductape.types.versions import Change


def diff(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The fields that differ, in the order of their paths. A list is one value; an object is its fields."""
    return sorted(_changes("", before, after), key=lambda change: change.path)


def _changes(prefix: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name in before.keys() | after.keys():
        path = f"{prefix}{name}"
        if name not in after:
            yield Change(path=path, kind="removed", before=before[name])
        elif name not in before:
            yield Change(path=path, kind="added", after=after[name])
        elif isinstance(before[name], dict) and isinstance(after[name], dict):
            yield from _changes(f"{path}.", before[name], after[name])
        elif before[name] != after[name]:
            yield Change(path=path, kind="changed", before=before[name], after=after[name])
