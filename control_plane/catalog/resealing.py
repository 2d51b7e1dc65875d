"""Provider keys that are sealed to a key pair before the present one of their product, sealed to that one.

Only a runner can, and it does when a run opens such a key; `manage.py keys rotate product` does the rest.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from control_plane.catalog.models import ProviderKey
from control_plane.products.models import ProductKey
from control_plane.products.sealing_keys import active_key
from control_plane.vault import product_keys, provider_keys
from control_plane.vault.keyring import Keyring


def reseal(ring: Keyring, key: ProviderKey, private: X25519PrivateKey) -> bool:
    """
    Args:
        private: the private half of what the key is sealed to.

    Returns:
        Whether it was done; not when the row has changed meanwhile, which wins.
    """
    to = active_key(key.pair.product)
    values = {"sealed": resealed(ring, key, private, to), "product_key": to}
    return bool(ProviderKey.objects.filter(id=key.id, sealed=key.sealed).update(**values))


def resealed(ring: Keyring, key: ProviderKey, private: X25519PrivateKey, to: ProductKey) -> str:
    """Raises: SecretUnreadable."""
    public = product_keys.sealing_key(ring, to.record, to.identity())
    return provider_keys.reseal(ring, key.sealed, key.identity(), private, public)
