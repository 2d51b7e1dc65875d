"""What may become of a provider key.

    pending --verified--> active --superseded--> retiring --expired, revoked--> destroyed
       |--refused--> rejected

Whatever is not over yet is destroyed when another key takes its place at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from django.db.models import TextChoices


class KeyState(TextChoices):
    PENDING = "pending"
    REJECTED = "rejected"
    ACTIVE = "active"
    RETIRING = "retiring"
    DESTROYED = "destroyed"


class KeyEvent(Enum):
    VERIFIED = "the provider accepts it"
    REFUSED = "the provider refuses it"
    SUPERSEDED = "another key was verified"
    REPLACED = "another key was put in its place at once"
    REVOKED = "somebody took it back"
    EXPIRED = "its time is over"


class KeyMoveRefused(Exception):
    """Nothing like that can happen to a key in that state."""


_AFTER: Mapping[KeyState, Mapping[KeyEvent, KeyState]] = {
    KeyState.PENDING: {
        KeyEvent.VERIFIED: KeyState.ACTIVE,
        KeyEvent.REFUSED: KeyState.REJECTED,
        KeyEvent.REPLACED: KeyState.DESTROYED,
        KeyEvent.REVOKED: KeyState.DESTROYED,
        KeyEvent.EXPIRED: KeyState.DESTROYED,
    },
    KeyState.ACTIVE: {
        KeyEvent.SUPERSEDED: KeyState.RETIRING,
        KeyEvent.REPLACED: KeyState.DESTROYED,
    },
    KeyState.RETIRING: {
        KeyEvent.REPLACED: KeyState.DESTROYED,
        KeyEvent.REVOKED: KeyState.DESTROYED,
        KeyEvent.EXPIRED: KeyState.DESTROYED,
    },
}

KEPT = frozenset(_AFTER)
"""The states in which there is something to open."""
OVER = frozenset(KeyState) - KEPT
"""The states in which the ciphertext is gone, and nothing happens any more."""


def after(state: KeyState, event: KeyEvent) -> KeyState:
    """Raises: KeyMoveRefused."""
    try:
        return _AFTER[state][event]
    except KeyError:
        raise KeyMoveRefused(f"a key that is {state.value} cannot be: {event.value}") from None
