"""Asking a provider about a key: whom, with what, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from control_plane.api.errors import ApiError
from control_plane.catalog.key_states import KEPT, KeyState
from control_plane.catalog.keys import note_use
from control_plane.catalog.models import ProviderKey
from control_plane.catalog.pace import keep_pace
from control_plane.catalog.rotation import accept_key, get_key, get_model_env, refuse_settled, reject_key
from control_plane.catalog.services import get_model
from control_plane.products.services import get_environment, get_product
from control_plane.runs.opening import open_for_check
from control_plane.runs.preparing import Destination, usable_env, usable_key
from ductape.types.keys import KeyVerify, ModelTest
from workers.models.errors import ModelError

_REFUSALS: Mapping[str, str] = {
    "authentication_failed": "does not know this key",
    "permission_denied": "does not let this key use the model",
    "insufficient_credits": "has no credit left for this key",
    "invalid_api_key": "cannot be sent this key: it has characters that no key has",
}
"""What is said about the key itself, by the code of the error. Anything else says nothing about it."""


def begin_test(wanted: ModelTest, *, workspace_id: UUID, token_id: UUID) -> tuple[ProviderKey | None, Destination]:
    """With which key to ask whom.

    Raises:
        ApiError: 404; 409 it could not run, or the key is over; 429.
    """
    product = get_product(wanted.product)
    model_env = usable_env(get_model(product, wanted.model), get_environment(product, wanted.env))
    key = usable_key(model_env) if wanted.key_version is None else get_key(model_env, wanted.key_version)
    if key is not None and key.state not in KEPT:
        raise ApiError(409, "key_destroyed", f"key version {key.version} is {key.state}", param="key_version")
    keep_pace(workspace_id=workspace_id, token_id=token_id)
    if key is not None:
        note_use(key)
    return key, open_for_check(model_env, key)


def begin_verification(
    wanted: KeyVerify, *, workspace_id: UUID, token_id: UUID
) -> tuple[ProviderKey, Destination | None]:
    """The key and whom to ask about it; `None`: the provider has accepted it before.

    Raises:
        ApiError: 404; 409 the key was revoked or replaced; 422 `key_rejected`; 429.
    """
    model_env = get_model_env(get_product(wanted.product), wanted.model, wanted.env)
    key = get_key(model_env, wanted.version)
    if key.state == KeyState.ACTIVE:
        return key, None
    if key.state == KeyState.REJECTED:
        raise _rejected(key)
    refuse_settled(key)
    keep_pace(workspace_id=workspace_id, token_id=token_id)
    return key, open_for_check(model_env, key)


def settle(key: ProviderKey, fault: ModelError | None) -> ProviderKey | ApiError:
    """Do as the provider said. The error is returned and not raised: what was written stays.

    Raises:
        ApiError: 409 the key was revoked or replaced meanwhile.
    """
    if fault is None:
        return accept_key(key=key)
    if fault.code in _REFUSALS:
        return _rejected(reject_key(key=key, refusal=fault.code))
    message = f"key version {key.version} still waits, its provider has not said: {fault.message}; then verify it again"
    return ApiError(503, "key_unverified", message, retryable=True)


def _rejected(key: ProviderKey) -> ApiError:
    message = f"the provider {_REFUSALS[key.refusal]}; what was active stays so, give another key"
    return ApiError(422, "key_rejected", message, param="api_key")
