"""What has to be written anew at each level of keys: which rows, and what becomes of one.

at-rest   every secret column: unwrapped and wrapped again, still sealed; control can do it
root      the private halves of products' key pairs, sealed to the active root key; where root private keys are
product   provider keys, sealed to the active key pair of their product; there too
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.apps import apps
from django.db.models import Manager, Q, QuerySet

from control_plane.catalog.models import ProviderKey
from control_plane.catalog.resealing import resealed
from control_plane.products.models import ProductKey
from control_plane.products.sealing_keys import active_key
from control_plane.vault import product_keys
from control_plane.vault.at_rest import unwrap, wrap
from control_plane.vault.fields import SealedField
from control_plane.vault.keyring import Keyring
from control_plane.vault.models import SecretRow

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """The rows of one table that still need an older key."""

    model: type[SecretRow]
    column: str
    """The secret, which must be what it was when a row is written."""
    rows: Callable[[], QuerySet[Any]]
    rewrite: Callable[[Any], Values]
    """The columns of a row anew. Raises: SecretUnreadable."""
    opens: bool
    """Needs a root private key."""


def sealed_columns() -> Iterator[tuple[type[SecretRow], str]]:
    """Every secret column there is."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField):
                assert issubclass(model, SecretRow), model
                yield model, field.name


def secrets(model: type[SecretRow], column: str) -> QuerySet[Any]:
    """The rows that hold one: of what is over nothing is left."""
    rows: Manager[Any] = model._default_manager
    return rows.exclude(**{column: None})


def at_rest(ring: Keyring) -> list[Work]:
    return [_rewrapping(ring, model, column) for model, column in sealed_columns()]


def root(ring: Keyring) -> list[Work]:
    def rewrite(key: ProductKey) -> Values:
        record = product_keys.reseal_record(ring, key.record, key.identity())
        return {"record": record, "root_kid": ring.root_active}

    return [Work(ProductKey, "record", lambda: ProductKey.objects.exclude(root_kid=ring.root_active), rewrite, True)]


def product(ring: Keyring, keys_of: Q) -> list[Work]:
    """
    Args:
        keys_of: of which products, as a condition on their keys.
    """

    def rows() -> QuerySet[ProviderKey]:
        retiring = ProductKey.objects.filter(keys_of).exclude(retiring_until=None).order_by().values("id")
        return ProviderKey.objects.filter(product_key__in=retiring)

    @cache
    def private(key: ProductKey) -> X25519PrivateKey:
        return product_keys.open_private(ring, key.record, key.identity())

    def rewrite(key: ProviderKey) -> Values:
        to = active_key(key.pair.product)
        return {"sealed": resealed(ring, key, private(key.pair), to), "product_key_id": to.id}

    return [Work(ProviderKey, "sealed", rows, rewrite, True)]


def _rewrapping(ring: Keyring, model: type[SecretRow], column: str) -> Work:
    def rewrite(row: SecretRow) -> Values:
        parts = row.identity().parts()
        return {column: wrap(ring, unwrap(ring, getattr(row, column), parts), parts)}

    return Work(model, column, lambda: secrets(model, column).exclude(at_rest_kid=ring.at_rest_active), rewrite, False)
