from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from ductape.call import Call, Flow, new_key
from ductape.errors import ConflictError
from ductape.resources import keyed_envs
from ductape.resources.base import UNSET, Unset, all_pages, body, given
from ductape.resources.history import History
from ductape.resources.keyed_envs import KeyedEnv, Seal
from ductape.resources.sealing_keys import SealingKeys
from ductape.sending import TransportT, operation
from ductape.settings import ClientSettings
from ductape.types.entities import Model, SealingKey
from ductape.types.keys import KeyRotate, KeyVerify, KeyVersion, ModelTest, ModelTested

T = TypeVar("T")
Sealed = Callable[[SealingKey], dict[str, Any]]
"""The fields of a body that are sealed to the product's key."""

VERIFY_SECONDS = 60.0
"""How long to wait for a runner that asks a provider about a key; it gives up before that."""


class ModelKeys(History[TransportT]):
    """The provider keys of a model: sealed here, replaced without a pause, tried."""

    def __init__(self, transport: TransportT, settings: ClientSettings) -> None:
        super().__init__(transport, settings)
        self._sealing_keys = SealingKeys(settings.product_key_fingerprint)

    @operation
    def rotate_key(
        self, *, tag: str, env: str, api_key: str, overlap: str | Unset = UNSET, product: str | None = None
    ) -> Flow[KeyVersion]:
        """Replace the key of an environment without a failed run: the new one is used once its provider accepts it.

        Runs under way end with the key that they began with, which is kept until the overlap is over.

        Args:
            api_key: the new key; it is sealed here, its plaintext is never sent.
            overlap: how long the old key is kept: `24h` unless given; `0s` to `7d`.

        Raises:
            ValidationError: `key_rejected`: the provider refuses the key; the old one stays active.
            ConflictError: `rotation_in_progress`: another key waits to be verified.
            ServerError: `key_unverified`: the provider did not say; the key waits for `verify_key`.
        """
        [keyed] = keyed_envs.parse([{"slug": env, "api_key": api_key}])
        product = self._settings.product_or(product)
        fields = body(KeyRotate, given(sealed_api_key="", overlap=overlap))
        url = self._path(product, tag, "envs", env, "keys")
        call = Call("POST", url, KeyVersion.model_validate, body=fields, idempotency_key=new_key())
        return self._rotate(product, tag, keyed, call)

    @operation
    def verify_key(self, *, tag: str, env: str, version: int, product: str | None = None) -> Call[KeyVersion]:
        """Have a runner ask the provider about a pending key, and use it from then on: the second half of `rotate_key`,
        for when its answer got lost. Done again, it answers the same.

        Raises:
            ValidationError, ServerError: as `rotate_key`.
            ConflictError: `key_not_pending`: the key was revoked or replaced.
        """
        return self._verify(self._settings.product_or(product), tag, env, version)

    @operation
    def revoke_key(self, *, tag: str, env: str, version: int, product: str | None = None) -> Call[KeyVersion]:
        """Destroy a key that is pending, which ends its rotation, or one that is retiring, before its overlap ends.

        Raises:
            ConflictError: `key_active`: it is the one in use.
        """
        url = self._path(product, tag, "envs", env, "keys", str(version))
        return Call("DELETE", url, KeyVersion.model_validate)

    @operation
    def keys(self, *, tag: str, env: str, product: str | None = None) -> Flow[builtins.list[KeyVersion]]:
        """All versions of the key, oldest first: state, last characters and times, never more."""
        return all_pages(self._path(product, tag, "envs", env, "keys"), KeyVersion)

    @operation
    def test(
        self, *, tag: str, env: str | None = None, key_version: int | None = None, product: str | None = None
    ) -> Call[ModelTested]:
        """Have a runner ask the provider something that costs next to nothing: is the key good, is the model there?

        What the provider says is returned, not raised: look at `ok`.

        Args:
            key_version: a pending or retiring key to ask with; the active one unless given.

        Raises:
            ConflictError: there is no key, or something is not active.
            RateLimitError: providers are asked about keys ten times a minute at most.
        """
        product, env = self._settings.product_or(product), self._settings.env_or(env)
        fields = {"product": product, "model": tag, "env": env, "key_version": key_version}
        return _on_runner("test", body(ModelTest, fields), ModelTested.model_validate)

    def _rotate(self, product: str, tag: str, keyed: KeyedEnv, call: Call[KeyVersion]) -> Flow[KeyVersion]:
        # A seal is bound to where the key may go.
        stored: Model = yield Call("GET", self._path(product, tag), Model.model_validate)
        urls = {env.slug: env.base_url for env in stored.envs}
        seal = Seal(keyed, tag, stored.provider, urls.get(keyed.slug))
        pending = yield from self._send_sealed(product, call, seal.fields)
        verified: KeyVersion = yield self._verify(product, tag, keyed.slug, pending.version)
        return verified

    def _verify(self, product: str, tag: str, env: str, version: int) -> Call[KeyVersion]:
        fields = body(KeyVerify, {"product": product, "model": tag, "env": env, "version": version})
        return _on_runner("verify-key", fields, KeyVersion.model_validate)

    def _send_sealed(self, product: str, call: Call[T], sealed: Sealed) -> Flow[T]:
        try:
            return (yield from self._send_once(product, call, sealed))
        except ConflictError as error:
            if error.code != "stale_product_key":
                raise
        # The product's key was rotated since this client fetched it.
        self._sealing_keys.forget(product)
        return (yield from self._send_once(product, call, sealed))

    def _send_once(self, product: str, call: Call[T], sealed: Sealed) -> Flow[T]:
        key = yield from self._sealing_keys.of(product)
        assert call.body is not None
        result: T = yield replace(call, body={**call.body, **sealed(key)})
        return result


def _on_runner(what: str, fields: dict[str, Any], parse: Callable[[Any], T]) -> Call[T]:
    # A second time does no harm: a key is accepted once, and a test changes nothing.
    url = f"/v1/models/{what}"
    return Call("POST", url, parse, body=fields, service="runner", timeout=VERIFY_SECONDS, harmless=True)
