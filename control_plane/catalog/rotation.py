"""A provider key is replaced while the system runs: the next one waits for its provider's word, then takes over."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from control_plane.api.errors import ApiError
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.key_states import KEPT, KeyEvent, KeyMoveRefused, KeyState, after
from control_plane.catalog.keys import USE_GRAIN, add_key, parse_sealed
from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.catalog.services import get_model
from control_plane.products.models import Product
from control_plane.products.services import get_environment
from ductape.types.keys import KeyRotate, span

LONGEST_CALL = timedelta(hours=1)
"""The largest `timeout` that a run may have; until then a key may still be in use."""
PENDING_FOR = timedelta(days=1)
"""How long a key may wait for its provider's word."""

_ACTIONS = {
    KeyEvent.VERIFIED: Action.KEY_ACTIVATED,
    KeyEvent.REFUSED: Action.KEY_REJECTED,
    KeyEvent.REVOKED: Action.KEY_REVOKED,
    KeyEvent.EXPIRED: Action.KEY_EXPIRED,
}
"""What is written down. That a key was superseded follows from the entry of its successor."""


def get_model_env(product: Product, tag: str, slug: str) -> ModelEnv:
    """Raises: ApiError: 404."""
    environment, model = get_environment(product, slug), get_model(product, tag)
    row = model.envs.select_related("model", "environment").filter(environment=environment).first()
    if row is None:
        raise _not_configured(tag, slug)
    return row


def get_key(env: ModelEnv, version: int) -> ProviderKey:
    """Raises: ApiError: 404."""
    key = env.keys.filter(version=version).first()
    if key is None:
        raise ApiError(404, "key_not_found", f"{env} has no key version {version}; list its keys", param="version")
    return key


def find_keys(product: Product, tag: str, slug: str) -> QuerySet[ProviderKey]:
    """All versions that there were. Raises: ApiError: 404."""
    return get_model_env(product, tag, slug).keys.all()


@transaction.atomic
def begin_rotation(*, product: Product, tag: str, slug: str, wanted: KeyRotate) -> ProviderKey:
    """Store the next key, to be verified by a runner.

    Raises:
        ApiError: 404; 409 another one waits already; 422 the provider takes no key, or this is no sealed one.
    """
    env = _locked(get_model_env(product, tag, slug))
    if env.model.provider == "local":
        raise ApiError(422, "invalid_argument", "a local model has no api_key", param="sealed_api_key")
    destroy_spent(env.keys.all())
    _refuse_second(env)
    sealed = parse_sealed(product, wanted.sealed_api_key)
    return add_key(env, sealed, wanted.key_hint, state=KeyState.PENDING, overlap=span(wanted.overlap))


@transaction.atomic
def accept_key(*, key: ProviderKey) -> ProviderKey:
    """Use the key from now on; the one before it retires. Done twice, it is done once.

    Raises:
        ApiError: 409 the key waits no more: it was revoked or replaced meanwhile.
    """
    env, key = _held(key)
    if key.state == KeyState.ACTIVE:
        return key
    refuse_settled(key)
    for replaced in env.keys.filter(state=KeyState.ACTIVE):
        _move(replaced, KeyEvent.SUPERSEDED, overlap_until=timezone.now() + (key.overlap or timedelta()))
    return _move(key, KeyEvent.VERIFIED)


@transaction.atomic
def reject_key(*, key: ProviderKey, refusal: str) -> ProviderKey:
    """Forget a key that its provider refuses.

    Raises:
        ApiError: 409 as `accept_key`, and when the key was found good meanwhile.
    """
    _, key = _held(key)
    if key.state == KeyState.REJECTED:
        return key
    refuse_settled(key)
    return _move(key, KeyEvent.REFUSED, refusal=refusal)


@transaction.atomic
def revoke_key(*, product: Product, tag: str, slug: str, version: int) -> ProviderKey:
    """Destroy a key that waits or retires. One that is over already stays as it is.

    Raises:
        ApiError: 404; 409 it is the active one.
    """
    env = _locked(get_model_env(product, tag, slug))
    key = get_key(env, version)
    if key.state not in KEPT:
        return key
    try:
        return _move(key, KeyEvent.REVOKED)
    except KeyMoveRefused:
        message = f"key version {version} is the one in use; replace it with model.rotate_key or model.update"
        raise ApiError(409, "key_active", message, param="version") from None


def destroy_spent(keys: QuerySet[ProviderKey]) -> int:
    """Destroy those whose time is over: what retired and is in no call any more, and what waited too long.

    Returns:
        How many.
    """
    now = timezone.now()
    unused = Q(last_used_at=None) | Q(last_used_at__lt=now - LONGEST_CALL - USE_GRAIN)
    retired = Q(state=KeyState.RETIRING, overlap_until__lt=now) & unused
    forgotten = Q(state=KeyState.PENDING, created_at__lt=now - PENDING_FOR)
    over = list(keys.select_for_update(skip_locked=True).filter(retired | forgotten))
    for key in over:
        _move(key, KeyEvent.EXPIRED)
    return len(over)


def refuse_settled(key: ProviderKey) -> None:
    """Raises: ApiError: 409 the key does not wait for its provider's word."""
    if key.state != KeyState.PENDING:
        message = f"key version {key.version} is {key.state} and waits for nothing; list the keys"
        raise ApiError(409, "key_not_pending", message, param="version")


def _refuse_second(env: ModelEnv) -> None:
    waiting = env.keys.filter(state=KeyState.PENDING).first()
    if waiting is None:
        return
    message = (
        f"key version {waiting.version} waits to be verified: finish that with model.verify_key, "
        "or take it back with model.revoke_key"
    )
    raise ApiError(409, "rotation_in_progress", message, param="env")


def _held(key: ProviderKey) -> tuple[ModelEnv, ProviderKey]:
    """The key as it is now, which nobody else changes before this transaction ends."""
    env = _locked(key.model_env)
    return env, env.keys.select_for_update().get(id=key.id)


def _locked(env: ModelEnv) -> ModelEnv:
    rows = ModelEnv.objects.select_for_update(of=("self",)).select_related("model", "environment")
    row = rows.filter(id=env.id).first()
    if row is None:
        # It was removed while the provider was asked, or a moment ago.
        raise _not_configured(env.model.tag, env.environment.slug)
    return row


def _not_configured(tag: str, slug: str) -> ApiError:
    message = f"the model {tag!r} is not configured in {slug!r}; add it with model.update"
    return ApiError(404, "env_not_configured", message, param="env")


def _move(key: ProviderKey, event: KeyEvent, **changes: object) -> ProviderKey:
    before = {"state": key.state}
    key.state = after(KeyState(key.state), event)
    if key.state not in KEPT:
        changes |= {"sealed": None, "product_key": None}
    for name, value in changes.items():
        setattr(key, name, value)
    key.save(update_fields=["state", "updated_at", *changes])
    if event in _ACTIONS:
        write_entry(_ACTIONS[event], key.subject, version=key.version, before=before, after={"state": key.state})
    return key
