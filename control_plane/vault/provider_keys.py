"""A provider key: sealed to its product by the caller, wrapped for its row by control, opened by a runner."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import SecretStr

from control_plane.vault.at_rest import unwrap, wrap
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.keyring import Keyring
from ductape.scrubbing import opened
from ductape.sealing import Sealed, open_sealed, parse, provider_key_context, seal
from ductape.types.entities import SealingKey


@dataclass(frozen=True, slots=True)
class ProviderKeyRow:
    """The identity that a stored provider key is bound to: ids, which the server trusts, and the destination."""

    workspace_id: str
    product_id: str
    model_id: str
    model_tag: str
    env: str
    version: int
    provider: str
    base_url: str | None

    def parts(self) -> tuple[str, ...]:
        return (self.workspace_id, self.product_id, "model", self.model_id, self.env, "api_key", str(self.version))


def store(ring: Keyring, sealed: Sealed, row: ProviderKeyRow) -> str:
    return wrap(ring, str(sealed).encode(), row.parts())


def pk_id_of(ring: Keyring, stored: str, row: ProviderKeyRow) -> str:
    """Which product key a stored provider key is sealed to. Raises: SecretUnreadable."""
    return _unwrap(ring, stored, row).pk_id


def open_provider_key(ring: Keyring, stored: str, row: ProviderKeyRow, private: X25519PrivateKey) -> SecretStr:
    """The provider key in clear.

    Raises:
        SecretUnreadable: the row, its destination or its bytes are not those it was sealed for.
    """
    sealed = _unwrap(ring, stored, row)
    info = provider_key_context(
        ring.installation, row.product_id, sealed.pk_id, row.model_tag, row.env, row.provider, row.base_url
    )
    try:
        return opened(SecretStr(open_sealed(sealed, private, info).decode()))
    except (InvalidTag, UnicodeDecodeError):
        raise SecretUnreadable from None


def reseal(ring: Keyring, stored: str, row: ProviderKeyRow, private: X25519PrivateKey, public: SealingKey) -> str:
    """The stored provider key, sealed to another key pair of its product.

    Raises:
        SecretUnreadable: see `open_provider_key`.
    """
    # The plaintext has no name here: a variable would show in a traceback that prints variables.
    sealed = seal(
        public,
        open_provider_key(ring, stored, row, private).get_secret_value(),
        tag=row.model_tag,
        env=row.env,
        provider=row.provider,
        base_url=row.base_url,
    )
    return store(ring, parse(sealed), row)


def _unwrap(ring: Keyring, stored: str, row: ProviderKeyRow) -> Sealed:
    try:
        return parse(unwrap(ring, stored, row.parts()).decode())
    except ValueError:
        raise SecretUnreadable from None
