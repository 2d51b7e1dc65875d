"""The steps of a key that the database has a say in."""

from __future__ import annotations

from control_plane.rotation.needs import rows_by_key
from control_plane.vault.holders import lacking, sealing_with
from control_plane.vault.key_states import KeyState, StateRefused
from control_plane.vault.rings import Ring


def promote(ring: Ring, kid: str) -> None:
    """Make it the key to seal with.

    Raises:
        StateRefused: a live process lacks it, which is named; or it is not staged or retiring.
    """
    without = lacking(_name(ring, kid))
    if without:
        raise StateRefused(
            f"{_name(ring, kid)} is not known to {', '.join(without)}; bring the key files there and try again in "
            "half a minute"
        )
    ring.move(kid, KeyState.ACTIVE)


def retire(ring: Ring, kid: str) -> None:
    """Make processes forget it. It stays in the files.

    Raises:
        StateRefused: rows need it, with their number; a live process still seals with it; or it is not retiring.
    """
    _refuse_needed(ring, kid)
    ring.move(kid, KeyState.RETIRED)


def destroy(ring: Ring, kid: str) -> None:
    """Erase it from the files, for good.

    Raises:
        StateRefused: see `retire`; or it is not staged or retired.
    """
    _refuse_needed(ring, kid)
    ring.move(kid, KeyState.DESTROYED)


def restore(ring: Ring, kid: str) -> None:
    """Let a retired key open again, as after a restored backup. Raises: StateRefused: it is not retired."""
    ring.move(kid, KeyState.RETIRING)


def _refuse_needed(ring: Ring, kid: str) -> None:
    name = _name(ring, kid)
    sealing = sealing_with(name)
    if sealing:
        raise StateRefused(f"{', '.join(sealing)} still seals with {name}; bring the key files there first")
    rows = rows_by_key()[name]
    if rows:
        raise StateRefused(f"{rows} rows need {name}; run `manage.py keys rotate {ring.name}` first")


def _name(ring: Ring, kid: str) -> str:
    return f"{ring.name} {kid}"
