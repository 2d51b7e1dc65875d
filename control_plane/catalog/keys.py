"""The keys of a model's environments: taken sealed, kept wrapped, shown as a hint."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils import timezone

from control_plane.api.errors import ApiError
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.key_states import KEPT, KeyState
from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.products.models import Product
from control_plane.products.sealing_keys import takes_seals_to
from control_plane.vault import provider_keys
from control_plane.vault.at_rest import key_id_of
from control_plane.vault.keyring import load_keyring
from ductape.sealing import Sealed, parse

USE_GRAIN = timedelta(minutes=1)
"""How exactly the last use of a key is known, so that a busy key does not cost one write a run."""
_PLAINTEXT_NAMES = ("api_key", "apiKey")


def refuse_plaintext(body: Any) -> None:
    """A key in clear is refused before anything else looks at the body.

    Raises:
        ApiError: 422 `plaintext_secret_refused`.
    """
    envs = body.get("envs")
    places = [place for place in (body, *(envs if isinstance(envs, list) else [])) if isinstance(place, dict)]
    places += [model for place in places if isinstance(model := place.get("model"), dict)]
    if any(name in place for place in places for name in _PLAINTEXT_NAMES):
        raise _plaintext_refused()


def parse_sealed(product: Product, text: str) -> Sealed:
    """Raises: ApiError: 422 not sealed at all; 409 sealed to a key that this product takes no seals to."""
    try:
        sealed = parse(text)
    except ValueError:
        raise _plaintext_refused() from None
    if not takes_seals_to(product, sealed.pk_id):
        raise ApiError(
            409,
            "stale_product_key",
            "sealed to a key that this product no longer seals with; fetch its sealing key and seal again",
            param="sealed_api_key",
            retryable=True,
        )
    return sealed


def with_active_key(envs: QuerySet[ModelEnv]) -> QuerySet[ModelEnv]:
    """Each with its active key, in the same query."""
    active = FilteredRelation("keys", condition=Q(keys__state=KeyState.ACTIVE))
    # Where there is no such key, select_related leaves no attribute behind; the version does.
    held = envs.annotate(held_key=active, held_version=F("held_key__version"))
    return held.select_related("held_key")  # type: ignore[misc]  # made in the line above


def kept_keys(env: ModelEnv) -> QuerySet[ProviderKey]:
    """Those that there is something to open of."""
    return env.keys.filter(state__in=KEPT)


def replace_key(env: ModelEnv, sealed: Sealed, hint: str) -> None:
    """Store a key as the environment's next version, to be used from now on. All before it are destroyed."""
    kept_keys(env).update(state=KeyState.DESTROYED, sealed=None, product_key=None, updated_at=timezone.now())
    add_key(env, sealed, hint, state=KeyState.ACTIVE)


def add_key(
    env: ModelEnv, sealed: Sealed, hint: str, *, state: KeyState, overlap: timedelta | None = None
) -> ProviderKey:
    """Store a key as the next version. The caller holds the environment's row."""
    env.key_version += 1
    env.save(update_fields=["key_version", "updated_at"])
    stored = provider_keys.store(load_keyring(settings.KEYS_DIR), sealed, key_identity(env, env.key_version))
    key = env.keys.create(
        workspace_id=env.workspace_id,
        version=env.key_version,
        state=state,
        sealed=stored,
        product_key=env.model.product.keys.get(pk_id=sealed.pk_id),
        hint=hint,
        overlap=overlap,
    )
    write_entry(Action.KEY_SET, key.subject, **key_ids(key), state=state, product_key=sealed.pk_id, hint=hint)
    return key


def key_ids(key: ProviderKey) -> dict[str, Any]:
    """What names a key and what keeps it, for the log."""
    return {"version": key.version, "at_rest": key_id_of(key.sealed) if key.sealed else None}


def note_use(key: ProviderKey) -> None:
    now = timezone.now()
    unnoted = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_GRAIN)
    ProviderKey.objects.filter(unnoted, id=key.id).update(last_used_at=now)


def key_identity(env: ModelEnv, version: int) -> provider_keys.ProviderKeyRow:
    return ProviderKey(workspace_id=env.workspace_id, model_env=env, version=version).identity()


def _plaintext_refused() -> ApiError:
    return ApiError(
        422,
        "plaintext_secret_refused",
        "provider keys are accepted sealed only: the SDK seals them, or send sealed_api_key (see sealing-key)",
        param="api_key",
    )
