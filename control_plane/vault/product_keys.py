"""A product's key pair: the public half for sealing, the private half sealed to the root and wrapped for its row."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from control_plane.vault.at_rest import unwrap, wrap
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.keyring import Keyring
from ductape.sealing import (
    Sealed,
    b64_decode,
    b64_encode,
    context,
    fingerprint,
    open_sealed,
    parse,
    seal_to,
)
from ductape.types.entities import SealingKey


@dataclass(frozen=True, slots=True)
class ProductRow:
    """The identity that a product key's record is bound to."""

    workspace_id: str
    product_id: str
    pk_id: str

    def parts(self) -> tuple[str, ...]:
        return (self.workspace_id, self.product_id, "product_key", self.pk_id)


def new_pk_id() -> str:
    return f"pk_{secrets.token_hex(8)}"


def create_record(ring: Keyring, row: ProductRow) -> str:
    """A new key pair as a wrapped record. The private half exists in clear only inside this module."""
    return _record(ring, row, X25519PrivateKey.generate())


def reseal_record(ring: Keyring, record: str, row: ProductRow) -> str:
    """The same key pair, its private half sealed to the active root key.

    Raises:
        SecretUnreadable: see `open_private`.
    """
    return _record(ring, row, open_private(ring, record, row))


def sealing_key(ring: Keyring, record: str, row: ProductRow) -> SealingKey:
    """Raises: SecretUnreadable."""
    public = json.loads(unwrap(ring, record, row.parts()))["public"]
    return SealingKey(
        installation=ring.installation,
        product_id=row.product_id,
        pk_id=row.pk_id,
        public_key=public,
        fingerprint=fingerprint(b64_decode(public)),
    )


def open_private(ring: Keyring, record: str, row: ProductRow) -> X25519PrivateKey:
    """The private half; possible only where the root private key is.

    Raises:
        SecretUnreadable: no root private key here, or the record does not open.
    """
    sealed = _sealed_private(ring, record, row)
    root = ring.root_private.get(sealed.pk_id)
    if root is None:
        raise SecretUnreadable
    return X25519PrivateKey.from_private_bytes(_open(sealed, root, _root_info(ring, row)))


def root_kid_of(ring: Keyring, record: str, row: ProductRow) -> str:
    """Which root key the private half is sealed to. Raises: SecretUnreadable."""
    return _sealed_private(ring, record, row).pk_id


def _record(ring: Keyring, row: ProductRow, private: X25519PrivateKey) -> str:
    kid = ring.root_active
    sealed = seal_to(ring.root_public[kid], kid, private.private_bytes_raw(), _root_info(ring, row))
    # The public half is inside the wrap too: a writer to the database cannot swap it and collect every new secret.
    record = {"public": b64_encode(private.public_key().public_bytes_raw()), "private": str(sealed)}
    return wrap(ring, json.dumps(record).encode(), row.parts())


def _sealed_private(ring: Keyring, record: str, row: ProductRow) -> Sealed:
    return parse(json.loads(unwrap(ring, record, row.parts()))["private"])


def _root_info(ring: Keyring, row: ProductRow) -> bytes:
    return context("ductape/root/v1", ring.installation, *row.parts())


def _open(sealed: Sealed, private: X25519PrivateKey, info: bytes) -> bytes:
    try:
        return open_sealed(sealed, private, info)
    except InvalidTag:
        raise SecretUnreadable from None
