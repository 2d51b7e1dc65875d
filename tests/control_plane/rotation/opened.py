from __future__ import annotations

from control_plane.catalog.models import ProviderKey
from control_plane.vault import product_keys, provider_keys
from control_plane.vault.keyring import Keyring


def opened(ring: Keyring, key: ProviderKey) -> str:
    """The provider key in clear."""
    pair = key.pair
    private = product_keys.open_private(ring, pair.record, pair.identity())
    return provider_keys.open_provider_key(ring, key.sealed, key.identity(), private).get_secret_value()
