"""A product's key pairs: one to seal with, and those before it until nothing needs them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, ProtectedError, Q
from django.utils import timezone

from control_plane.api.errors import ApiError
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.products.models import Product, ProductKey
from control_plane.vault import product_keys
from control_plane.vault.keyring import load_keyring
from ductape.types.entities import RetiringKey, SealingKey, SealingKeyRotate

KEPT_ON = timedelta(minutes=1)
"""How much longer than seals to it are taken a key pair is kept at least: a request may have begun in time."""


def create_key(product: Product) -> ProductKey:
    """A new key pair to seal with. There must be none."""
    ring = load_keyring(settings.KEYS_DIR)
    key = ProductKey(
        workspace_id=product.workspace_id, product=product, pk_id=product_keys.new_pk_id(), root_kid=ring.root_active
    )
    key.record = product_keys.create_record(ring, key.identity())
    key.save(force_insert=True)
    return key


def active_key(product: Product) -> ProductKey:
    return product.keys.get(retiring_until=None)


def sealing_key(product: Product) -> SealingKey:
    """The public key that provider keys of this product are sealed to now, and how far a rotation has come."""
    key = active_key(product)
    shown = product_keys.sealing_key(load_keyring(settings.KEYS_DIR), key.record, key.identity())
    retiring = product.keys.exclude(retiring_until=None).annotate(needed_by=Count("provider_keys"))
    shown.retiring = [
        RetiringKey(pk_id=each.pk_id, taken_until=each.retiring_until, needed_by=each.needed_by)
        for each in retiring.order_by("created_at")
    ]
    return shown


def takes_seals_to(product: Product, pk_id: str) -> bool:
    taken = Q(retiring_until=None) | Q(retiring_until__gt=timezone.now())
    return product.keys.filter(taken, pk_id=pk_id).exists()


@transaction.atomic
def rotate_sealing_key(*, product: Product, wanted: SealingKeyRotate) -> SealingKey:
    """Make a new key pair the one to seal with. Provider keys are sealed to it again where they can be opened.

    Raises:
        ApiError: 409 seals to the key before the present one are still taken.
    """
    # Of two at once the second finds what the first did.
    Product.objects.select_for_update(no_key=True).get(id=product.id)
    now = timezone.now()
    if product.keys.filter(retiring_until__gt=now).exists():
        raise ApiError(
            409,
            "rotation_in_progress",
            "seals to the key before are still taken; try again when that is over (`retiring` of the sealing key)",
            retryable=True,
        )
    product.keys.filter(retiring_until=None).update(retiring_until=now + timedelta(minutes=wanted.grace_minutes))
    key = create_key(product)
    write_entry(Action.PRODUCT_KEY_ROTATED, product.subject, product_key=key.pk_id)
    return sealing_key(product)


def destroy_unneeded_keys(keys_of: Q) -> int:
    """Delete key pairs that take no seals any more and that no provider key needs. Returns: how many."""
    over = ProductKey.objects.filter(keys_of, retiring_until__lt=timezone.now() - KEPT_ON, provider_keys=None)
    return sum(_destroyed(key) for key in over)


def _destroyed(key: ProductKey) -> bool:
    try:
        with transaction.atomic():
            key.delete()
    except ProtectedError:
        return False
    return True
