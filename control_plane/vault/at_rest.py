"""The outer layer of every stored secret: a Fernet token whose key is derived from the row's own identity.

Fernet has no associated data, so the binding is in the key: HKDF-SHA256 over the ring's secret and the row's context.
A token moved to another row, workspace, environment or version meets another key and does not open.

    drest1.<kid>.<Fernet token>
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.keyring import Keyring
from ductape.sealing import context

FORMAT = re.compile(r"drest1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]+={0,2})", re.ASCII)


def wrap(ring: Keyring, payload: bytes, row: Sequence[str]) -> str:
    """Encrypt and authenticate a payload for one row.

    Args:
        row: what makes the row this row, in a fixed order, such as workspace, product, kind, id, env, version.
    """
    kid = ring.at_rest_active
    return f"drest1.{kid}.{_fernet(ring, kid, row).encrypt(payload).decode()}"


def unwrap(ring: Keyring, token: str, row: Sequence[str]) -> bytes:
    """Raises: SecretUnreadable: whatever the reason."""
    match = FORMAT.fullmatch(token)
    if match is None or match[1] not in ring.at_rest or not _canonical(match[2]):
        raise SecretUnreadable
    try:
        return _fernet(ring, match[1], row).decrypt(match[2].encode())
    except InvalidToken:
        raise SecretUnreadable from None


def key_id_of(token: str) -> str:
    """Which secret of the ring it is wrapped with; empty when it is no token at all."""
    match = FORMAT.fullmatch(token)
    return match[1] if match else ""


def _fernet(ring: Keyring, kid: str, row: Sequence[str]) -> Fernet:
    info = context("ductape/at-rest/v1", ring.installation, *row)
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(ring.at_rest[kid])
    return Fernet(base64.urlsafe_b64encode(key))


def _canonical(token: str) -> bool:
    # base64 ignores the spare bits of the last character; without this one bit flip in 2,700 would go unnoticed.
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)).decode() == token
    except ValueError:
        return False
