from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

from ductape.call import Call, Flow
from ductape.errors import ConflictError
from ductape.resources import keyed_envs
from ductape.resources.base import UNSET, Deleted, Resource, Unset, all_pages, body, given, path
from ductape.resources.keyed_envs import EnvLike, KeyedEnv, Seal
from ductape.resources.overrides import Overrides
from ductape.settings import ClientSettings
from ductape.transport import Transport
from ductape.types.entities import LocalSettings, Model, ModelCreate, ModelUpdate, SealingKey


class Models(Resource):
    def __init__(self, transport: Transport, settings: ClientSettings) -> None:
        super().__init__(transport, settings)
        self._sealing_keys: dict[str, SealingKey] = {}

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
        **settings: Unpack[Overrides],
    ) -> Model:
        """Register a model under a tag. Each `api_key` in `envs` is sealed here; its plaintext is never sent.

        Args:
            provider: anthropic, openai, google, cohere, openrouter, xai, custom or local.
            model: the provider's own name of the model; a Hugging Face id for `local`.
            envs: one entry per environment: slug, api_key, base_url, active, description.
            settings: temperature, max_tokens and the other fields of ConfigOverrides.

        Raises:
            ConflictError: the tag is taken.
        """
        keyed = keyed_envs.parse(envs)
        fields = given(
            tag=tag, name=name, provider=provider, model=model, description=description, local=local, **settings
        )
        fields["envs"] = keyed_envs.without_keys(keyed)
        return self._transport.run(self._create(self._settings.product_or(product), body(ModelCreate, fields), keyed))

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
        **settings: Unpack[Overrides],
    ) -> Model:
        """Change what is given and nothing else.

        `envs` are merged by slug; `{"slug": "dev", "remove": True}` removes one.
        """
        keyed = [] if envs is UNSET else keyed_envs.parse(envs)
        fields = given(name=name, provider=provider, model=model, description=description, local=local, **settings)
        if envs is not UNSET:
            fields["envs"] = keyed_envs.without_keys(keyed)
        changes = body(ModelUpdate, fields)
        return self._transport.run(self._update(self._settings.product_or(product), tag, changes, keyed))

    def fetch(self, *, tag: str, product: str | None = None) -> Model:
        return self._transport.send(self._fetch(self._settings.product_or(product), tag))

    def fetch_all(self, *, product: str | None = None) -> builtins.list[Model]:
        return self._transport.run(all_pages(path("products", self._settings.product_or(product), "models"), Model))

    def delete(self, *, tag: str, product: str | None = None) -> Deleted:
        """Raises: ConflictError: an agent uses the model; the message names the agents."""
        url = path("products", self._settings.product_or(product), "models", tag)
        return self._transport.send(Call("DELETE", url, Deleted.model_validate))

    list = fetch_all

    def _create(self, product: str, fields: dict[str, Any], envs: Sequence[KeyedEnv]) -> Flow[Model]:
        seals = [Seal(env, fields["tag"], fields["provider"], env.base_url) for env in envs if env.api_key]
        call = Call("POST", path("products", product, "models"), Model.model_validate, body=fields)
        return (yield from self._send_sealed(product, call, seals))

    def _update(self, product: str, tag: str, changes: dict[str, Any], envs: Sequence[KeyedEnv]) -> Flow[Model]:
        call = Call("PATCH", path("products", product, "models", tag), Model.model_validate, body=changes)
        keyed = [env for env in envs if env.api_key]
        seals = (yield from self._seals(product, tag, changes.get("provider"), keyed)) if keyed else []
        return (yield from self._send_sealed(product, call, seals))

    def _seals(
        self, product: str, tag: str, provider: str | None, envs: Sequence[KeyedEnv]
    ) -> Flow[builtins.list[Seal]]:
        # A seal is bound to where the key may go, and an update need not repeat what already holds.
        stored: Model = yield self._fetch(product, tag)
        urls = {env.slug: env.base_url for env in stored.envs}
        return [Seal(env, tag, provider or stored.provider, env.base_url_or(urls.get(env.slug))) for env in envs]

    def _send_sealed(self, product: str, call: Call[Model], seals: Sequence[Seal]) -> Flow[Model]:
        try:
            return (yield from self._send_once(product, call, seals))
        except ConflictError as error:
            if error.code != "stale_product_key":
                raise
        # The product's key was rotated since this client fetched it.
        self._sealing_keys.pop(product, None)
        return (yield from self._send_once(product, call, seals))

    def _send_once(self, product: str, call: Call[Model], seals: Sequence[Seal]) -> Flow[Model]:
        if seals:
            call = yield from self._sealed(product, call, seals)
        model: Model = yield call
        return model

    def _sealed(self, product: str, call: Call[Model], seals: Sequence[Seal]) -> Flow[Call[Model]]:
        key = self._sealing_keys.get(product)
        if key is None:
            key = yield Call("GET", path("products", product, "sealing-key"), SealingKey.model_validate)
            self._sealing_keys[product] = key
        assert call.body is not None
        return replace(call, body={**call.body, "envs": keyed_envs.with_seals(call.body["envs"], seals, key)})

    def _fetch(self, product: str, tag: str) -> Call[Model]:
        return Call("GET", path("products", product, "models", tag), Model.model_validate)
