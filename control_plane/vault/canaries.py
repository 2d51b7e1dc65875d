"""A known text under each key. A key file that holds another key under the same id is found by it."""

from __future__ import annotations

from dataclasses import replace

from cryptography.exceptions import InvalidTag

from control_plane.vault.at_rest import unwrap, wrap
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.keyring import Keyring
from control_plane.vault.models import KeyCanary
from ductape.sealing import context, open_sealed, parse, seal_to

_TEXT = b"canary"


def check_canaries(ring: Keyring) -> dict[str, str]:
    """Each key's canary: `opens`, `does not open`, or `not here`. Keys that have none get one."""
    for kid in ring.at_rest:
        key = f"at-rest {kid}"
        text = wrap(replace(ring, at_rest_active=kid), _TEXT, _row(key))
        KeyCanary.objects.get_or_create(key=key, defaults={"text": text})
    for kid, public in ring.root_public.items():
        sealed = seal_to(public, kid, _TEXT, _info(ring, kid))
        KeyCanary.objects.get_or_create(key=f"root {kid}", defaults={"text": str(sealed)})
    return {canary.key: _state(ring, canary) for canary in KeyCanary.objects.order_by("key")}


def _state(ring: Keyring, canary: KeyCanary) -> str:
    if canary.key not in ring.holds or (canary.key.startswith("root ") and not ring.can_open):
        return "not here"
    try:
        return "opens" if _opened(ring, canary) == _TEXT else "does not open"
    except (SecretUnreadable, InvalidTag, ValueError):
        return "does not open"


def _opened(ring: Keyring, canary: KeyCanary) -> bytes:
    level, _, kid = canary.key.partition(" ")
    if level == "at-rest":
        return unwrap(ring, canary.text, _row(canary.key))
    return open_sealed(parse(canary.text), ring.root_private[kid], _info(ring, kid))


def _row(key: str) -> tuple[str, ...]:
    return ("canary", key)


def _info(ring: Keyring, kid: str) -> bytes:
    return context("ductape/canary/v1", ring.installation, kid)
