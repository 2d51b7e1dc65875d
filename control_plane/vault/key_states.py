"""What may become of a key. Pure: files and commands are elsewhere.

    staged -> active -> retiring -> retired -> destroyed

Staged keys open and do not seal yet, retiring ones open and no longer seal, retired ones do neither and can come back,
destroyed ones are gone. Exactly one key is active; it stops being so only when another takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

States = Mapping[str, "KeyState"]


class KeyState(StrEnum):
    STAGED = "staged"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"
    DESTROYED = "destroyed"

    @property
    def opens(self) -> bool:
        return self in {KeyState.STAGED, KeyState.ACTIVE, KeyState.RETIRING}


class StateRefused(Exception):
    """A key cannot become that; the message says what it is and what comes first."""


_BEFORE: dict[KeyState, frozenset[KeyState]] = {
    KeyState.ACTIVE: frozenset({KeyState.STAGED, KeyState.RETIRING}),
    KeyState.RETIRING: frozenset({KeyState.RETIRED}),
    KeyState.RETIRED: frozenset({KeyState.RETIRING}),
    KeyState.DESTROYED: frozenset({KeyState.STAGED, KeyState.RETIRED}),
}
"""From which states a key gets there by itself; from active to retiring it gets by another's promotion."""


def active_of(states: States) -> str:
    """Raises: StateRefused: none is active, or more than one."""
    active = [kid for kid, state in states.items() if state is KeyState.ACTIVE]
    if len(active) != 1:
        raise StateRefused(f"exactly one key must be active, not {len(active)}")
    return active[0]


def stage(states: States, kid: str) -> dict[str, KeyState]:
    """Raises: StateRefused: there is or was such a key."""
    if kid in states:
        raise StateRefused(f"the key {kid!r} is {states[kid]} already; a new key needs a new id")
    return {**states, kid: KeyState.STAGED}


def move(states: States, kid: str, to: KeyState) -> dict[str, KeyState]:
    """The states afterwards.

    Raises:
        StateRefused: there is no such key, or it cannot become that from what it is.
    """
    if kid not in states:
        raise StateRefused(f"no key {kid!r}; there are: {', '.join(sorted(states))}")
    before = _BEFORE.get(to, frozenset())
    if states[kid] not in before:
        raise StateRefused(f"the key {kid!r} is {states[kid]}; only {_either(before)} key can become {to}")
    replaced = {active_of(states): KeyState.RETIRING} if to is KeyState.ACTIVE else {}
    return {**states, **replaced, kid: to}


def _either(states: frozenset[KeyState]) -> str:
    return "a " + " or ".join(sorted(states)) if states else "no"
