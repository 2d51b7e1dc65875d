"""What an entry keeps of a change: the fields that differ, in words that hold no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ductape.scrubbing import scrub

LONGEST_TEXT = 500
"""In characters. Entries stay for ever; the whole text of a prompt is in the versions of its agent."""

Fields = Mapping[str, Any]


def changed(before: Fields, after: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is different between two states, as it was and as it is; objects are compared field by field."""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            now[name] = after[name]
        elif name not in after:
            was[name] = before[name]
        elif isinstance(before[name], dict) and isinstance(after[name], dict):
            inner_was, inner_now = changed(before[name], after[name])
            was |= {name: inner_was} if inner_was else {}
            now |= {name: inner_now} if inner_now else {}
        elif before[name] != after[name]:
            was[name], now[name] = before[name], after[name]
    return was, now


def keepable(value: Any) -> Any:
    match value:
        case str():
            return _shortened(scrub(value))
        case Mapping():
            return {str(name): keepable(each) for name, each in value.items()}
        case list() | tuple():
            return [keepable(each) for each in value]
    return value


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({len(text)} characters)"
