"""The text of the key files that hold several keys. Errors name key ids, never what a file holds.

2: {"version": 2, "keys": {kid: {"state": state, "key": base64}}}; a destroyed key has no "key"
1: {"active": kid, "keys": {kid: base64}}, which has no versions; read, never written
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from control_plane.vault.key_states import KeyState, StateRefused, active_of
from ductape.sealing import b64_decode, b64_encode

KEY_BYTES = 32
_KID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    state: KeyState
    key: bytes | None = field(default=None, repr=False)
    """None of a destroyed key."""


def states_of(entries: Mapping[str, Entry]) -> dict[str, KeyState]:
    return {kid: entry.state for kid, entry in entries.items()}


def openable(entries: Mapping[str, Entry]) -> dict[str, bytes]:
    return {kid: entry.key for kid, entry in entries.items() if entry.state.opens and entry.key is not None}


def parse(text: str) -> dict[str, Entry]:
    """
    Raises:
        ValueError: not such a text, with the reason.
    """
    document = _document(text)
    keys = {_kid(kid): value for kid, value in document["keys"].items()}
    version = document.get("version", 1)
    if version not in {1, 2}:
        raise ValueError("its version is unknown; was it written by a newer Ductape?")
    read = _first if version == 1 else _second
    entries = {kid: read(document, kid, value) for kid, value in keys.items()}
    try:
        active_of(states_of(entries))
    except StateRefused as error:
        raise ValueError(str(error)) from None
    return entries


def parse_private(text: str) -> dict[str, bytes]:
    """Raises: ValueError: not such a text, with the reason."""
    return {_kid(kid): _key(kid, value) for kid, value in _document(text)["keys"].items()}


def dump(entries: Mapping[str, Entry]) -> str:
    keys = {kid: _shown(entry) for kid, entry in entries.items()}
    return json.dumps({"version": 2, "keys": keys})


def dump_private(keys: Mapping[str, bytes]) -> str:
    return json.dumps({"keys": {kid: b64_encode(key) for kid, key in keys.items()}})


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("keys"), dict):
        raise ValueError('it is no JSON object with "keys"')
    return document


def _first(document: dict[str, Any], kid: str, value: object) -> Entry:
    state = KeyState.ACTIVE if document.get("active") == kid else KeyState.RETIRING
    return Entry(state, _key(kid, value))


def _second(document: dict[str, Any], kid: str, value: object) -> Entry:
    if not isinstance(value, dict) or value.get("state") not in set(KeyState):
        raise ValueError(f"the key {kid!r} has no state that is known")
    state = KeyState(value["state"])
    if state is KeyState.DESTROYED:
        return Entry(state)
    return Entry(state, _key(kid, value.get("key")))


def _kid(kid: str) -> str:
    if _KID.fullmatch(kid) is None:
        raise ValueError("the id of a key is 1 to 32 letters, digits, - and _")
    return kid


def _key(kid: str, value: object) -> bytes:
    try:
        key = b64_decode(value) if isinstance(value, str) else b""
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key {kid!r} is not {KEY_BYTES} bytes in URL-safe base64")
    return key


def _shown(entry: Entry) -> dict[str, str]:
    key = {} if entry.key is None else {"key": b64_encode(entry.key)}
    return {"state": entry.state, **key}
