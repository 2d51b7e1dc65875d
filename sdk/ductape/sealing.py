"""Seal a provider key to a product, so that only ciphertext is transmitted and only a runner can open it.

HPKE in base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. What a seal is bound to is the
`info` of the exchange: it opens under no other installation, product, model, environment, provider or base URL.

    dseal1.<pk_id>.<URL-safe base64 of encapsulated key and ciphertext, no padding>
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ductape.types.entities import SealingKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hpke
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

MAX_SECRET_BYTES = 48 * 1024
_FORMAT = re.compile(r"dseal1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{64,})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A parsed `dseal1...` text."""

    pk_id: str
    box: bytes

    def __str__(self) -> str:
        return f"dseal1.{self.pk_id}.{b64_encode(self.box)}"


def seal(key: SealingKey, secret: str, *, tag: str, env: str, provider: str, base_url: str | None) -> str:
    """Seal a provider key for one environment of one model.

    Args:
        key: the product's sealing key, as the server gave it.
        secret: the provider key, 1 byte to 48 KiB of UTF-8.
        tag: tag of the model. The other arguments too become part of what the seal is bound to.

    Raises:
        ValueError: the secret is empty or too long, or the sealing key is malformed.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    info = provider_key_context(key.installation, key.product_id, key.pk_id, tag, env, provider, base_url)
    public = X25519PublicKey.from_public_bytes(b64_decode(key.public_key))
    return str(seal_to(public, key.pk_id, secret.encode(), info))


def seal_to(public: X25519PublicKey, pk_id: str, secret: bytes, info: bytes) -> Sealed:
    if not secret:
        raise ValueError("an empty secret cannot be sealed")
    if len(secret) > MAX_SECRET_BYTES:
        raise ValueError(f"a secret has at most {MAX_SECRET_BYTES} bytes")
    return Sealed(pk_id, _suite().encrypt(secret, public, info=info))


def open_sealed(sealed: Sealed, private: X25519PrivateKey, info: bytes) -> bytes:
    """Raises: cryptography.exceptions.InvalidTag: wrong key, wrong context or changed bytes."""
    return _suite().decrypt(sealed.box, private, info=info)


def parse(text: str) -> Sealed:
    """Raises: ValueError: not a `dseal1` text. The message does not repeat the text: it may be a key in clear."""
    match = _FORMAT.fullmatch(text)
    if match is None:
        raise ValueError("not a sealed value of the form dseal1.<key id>.<base64>")
    return Sealed(match[1], b64_decode(match[2]))


def hint(secret: str) -> str:
    """The last four characters, for people to tell keys apart; nothing of a secret too short to spare them."""
    return secret[-4:] if len(secret) >= 16 else ""


def fingerprint(public: bytes) -> str:
    """What a client pins: 16 bytes of SHA-256 over the raw public key, as hex."""
    return hashlib.sha256(public).hexdigest()[:32]


def provider_key_context(
    installation: str, product_id: str, pk_id: str, tag: str, env: str, provider: str, base_url: str | None
) -> bytes:
    # The destination is part of the context: whoever may edit a base URL must not be able to have the key sent there.
    return context(
        "ductape/dseal1", installation, product_id, pk_id, "model", tag, env, "api_key", provider, base_url or ""
    )


def context(*parts: str) -> bytes:
    """Encode parts so that no two different lists give the same bytes: each is prefixed with its length."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def b64_encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64_decode(text: str) -> bytes:
    """Strict: exactly the text that `b64_encode` writes.

    Raises:
        ValueError: anything else, such as other characters or non-zero spare bits.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not URL-safe base64 without padding") from None
    if b64_encode(data) != text:
        raise ValueError("not canonical base64")
    return data


def _suite() -> hpke.Suite:
    from cryptography.hazmat.primitives import hpke

    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
