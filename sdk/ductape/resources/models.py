from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Unpack

from ductape.call import Call, Flow, new_key
from ductape.resources import keyed_envs
from ductape.resources.base import UNSET, Deleted, Unset, all_pages, body, given, path
from ductape.resources.keyed_envs import EnvLike, KeyedEnv, Seal
from ductape.resources.model_keys import ModelKeys
from ductape.resources.overrides import Overrides
from ductape.sending import TransportT, operation
from ductape.types.entities import LocalSettings, Model, ModelCreate, ModelUpdate, SealingKey
from ductape.types.fallbacks import Fallback
from ductape.types.filters import ModelFilter
from ductape.types.versions import Rollback


class Models(ModelKeys[TransportT]):
    @operation
    def create(
        self,
        *,
        tag: str,
        name: str,
        provider: str,
        model: str,
        envs: Sequence[EnvLike],
        product: str | None = None,
        description: str | Unset = UNSET,
        local: LocalSettings | Mapping[str, Any] | Unset | None = UNSET,
        limits: Mapping[str, Any] | Unset = UNSET,
        locks: Sequence[str] | Unset = UNSET,
        fallback: Fallback | Mapping[str, Any] | Unset | None = UNSET,
        message: str | Unset = UNSET,
        **settings: Unpack[Overrides],
    ) -> Flow[Model]:
        """Register a model under a tag. Each `api_key` in `envs` is sealed here; its plaintext is never sent.

        Args:
            provider: anthropic, openai, google, cohere, openrouter, xai, custom or local.
            model: the provider's own name of the model; a Hugging Face id for `local`.
            envs: one entry per environment: slug, api_key, base_url, active, description.
            fallback: `{"models": [tags]}`, and with `"when"` the conditions; who answers when this model fails.
            settings: temperature, max_tokens and the other fields of ConfigOverrides.

        Raises:
            ConflictError: the tag is taken.
        """
        keyed = keyed_envs.parse(envs)
        fields = given(
            tag=tag,
            name=name,
            provider=provider,
            model=model,
            description=description,
            local=local,
            limits=limits,
            locks=locks,
            fallback=fallback,
            message=message,
            **settings,
        )
        fields["envs"] = keyed_envs.without_keys(keyed)
        call = Call(
            "POST",
            self._path(product),
            Model.model_validate,
            body=body(ModelCreate, fields),
            idempotency_key=new_key(),
        )
        seals = [Seal(env, tag, provider, env.base_url) for env in keyed if env.api_key]
        return self._send(self._settings.product_or(product), call, seals)

    @operation
    def update(
        self,
        *,
        tag: str,
        product: str | None = None,
        name: str | Unset = UNSET,
        provider: str | Unset = UNSET,
        model: str | Unset = UNSET,
        envs: Sequence[EnvLike] | Unset = UNSET,
        description: str | Unset = UNSET,
        local: LocalSettings | Mapping[str, Any] | Unset | None = UNSET,
        limits: Mapping[str, Any] | Unset = UNSET,
        locks: Sequence[str] | Unset = UNSET,
        fallback: Fallback | Mapping[str, Any] | Unset | None = UNSET,
        message: str | Unset = UNSET,
        if_version: int | None = None,
        **settings: Unpack[Overrides],
    ) -> Flow[Model]:
        """Change what is given and nothing else.

        `envs` are merged by slug; `{"slug": "dev", "remove": True}` removes one.

        Args:
            if_version: the version that is to be changed.

        Raises:
            PreconditionFailedError: the model is at another version than `if_version` by now.
        """
        keyed = [] if envs is UNSET else keyed_envs.parse(envs)
        fields = given(
            name=name,
            provider=provider,
            model=model,
            description=description,
            local=local,
            limits=limits,
            locks=locks,
            fallback=fallback,
            message=message,
            **settings,
        )
        if envs is not UNSET:
            fields["envs"] = keyed_envs.without_keys(keyed)
        changes = body(ModelUpdate, fields)
        call = Call("PATCH", self._path(product, tag), Model.model_validate, body=changes, if_version=if_version)
        return self._update(self._settings.product_or(product), tag, call, [env for env in keyed if env.api_key])

    @operation
    def fetch(self, *, tag: str, product: str | None = None) -> Call[Model]:
        return Call("GET", self._path(product, tag), Model.model_validate)

    @operation
    def fetch_all(
        self, *, product: str | None = None, provider: str | Unset = UNSET, env: str | Unset = UNSET
    ) -> Flow[builtins.list[Model]]:
        """All models, or only those of this provider, or those configured in this environment."""
        return all_pages(self._path(product), Model, body(ModelFilter, given(provider=provider, env=env)))

    @operation
    def delete(self, *, tag: str, product: str | None = None) -> Call[Deleted]:
        """Raises: ConflictError: agents use the model, or models fall back on it; the message names them."""
        return Call("DELETE", self._path(product, tag), Deleted.model_validate)

    @operation
    def rollback(self, *, tag: str, to: int, product: str | None = None, message: str | Unset = UNSET) -> Call[Model]:
        """Bring the settings of a version back, as a new version. Keys never come back.

        Raises:
            ValidationError: a key that is set would be sent where it was not sealed for.
        """
        fields = body(Rollback, given(to=to, message=message))
        url = self._path(product, tag, "rollback")
        return Call("POST", url, Model.model_validate, body=fields, idempotency_key=new_key())

    @operation
    def key_to_seal_to(self, *, product: str | None = None) -> Flow[SealingKey]:
        """The product's sealing key, for `ductape.sealing.seal`; it is the pinned one if one was pinned."""
        return self._sealing_keys.of(self._settings.product_or(product))

    list = fetch_all

    def _update(self, product: str, tag: str, call: Call[Model], keyed: Sequence[KeyedEnv]) -> Flow[Model]:
        seals = (yield from self._seals(product, tag, call, keyed)) if keyed else []
        return (yield from self._send(product, call, seals))

    def _seals(self, product: str, tag: str, call: Call[Model], keyed: Sequence[KeyedEnv]) -> Flow[builtins.list[Seal]]:
        # A seal is bound to where the key may go, and an update need not repeat what already holds.
        stored: Model = yield Call("GET", self._path(product, tag), Model.model_validate)
        assert call.body is not None
        provider = call.body.get("provider") or stored.provider
        urls = {env.slug: env.base_url for env in stored.envs}
        return [Seal(env, tag, provider, env.base_url_or(urls.get(env.slug))) for env in keyed]

    def _send(self, product: str, call: Call[Model], seals: Sequence[Seal]) -> Flow[Model]:
        if seals:
            return (yield from self._send_sealed(product, call, partial(_with_seals, call, seals)))
        model: Model = yield call
        return model

    def _path(self, product: str | None, *tag: str) -> str:
        return path("products", self._settings.product_or(product), "models", *tag)


def _with_seals(call: Call[Model], seals: Sequence[Seal], key: SealingKey) -> dict[str, Any]:
    assert call.body is not None
    return {"envs": keyed_envs.with_seals(call.body["envs"], seals, key)}
