from __future__ import annotations

import builtins

from ductape.call import Call, Flow, new_key
from ductape.resources.base import UNSET, Deleted, Resource, Unset, all_pages, body, given, path
from ductape.sending import TransportT, operation
from ductape.types.entities import Environment, EnvironmentInput, EnvironmentUpdate


class Environments(Resource[TransportT]):
    """The environments of a product: `client.product.environments`."""

    @operation
    def create(
        self,
        *,
        slug: str,
        product: str | None = None,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        active: bool | Unset = UNSET,
    ) -> Call[Environment]:
        """Raises: ConflictError: the product has this environment already."""
        fields = body(EnvironmentInput, given(slug=slug, name=name, description=description, active=active))
        url = self._path(product)
        return Call("POST", url, Environment.model_validate, body=fields, idempotency_key=new_key())

    @operation
    def fetch(self, *, slug: str, product: str | None = None) -> Call[Environment]:
        return Call("GET", self._path(product, slug), Environment.model_validate)

    @operation
    def fetch_all(self, *, product: str | None = None) -> Flow[builtins.list[Environment]]:
        return all_pages(self._path(product), Environment)

    @operation
    def update(
        self,
        *,
        slug: str,
        product: str | None = None,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        active: bool | Unset = UNSET,
    ) -> Call[Environment]:
        """An inactive environment (`active=False`) refuses runs."""
        changes = body(EnvironmentUpdate, given(name=name, description=description, active=active))
        return Call("PATCH", self._path(product, slug), Environment.model_validate, body=changes)

    @operation
    def delete(self, *, slug: str, product: str | None = None) -> Call[Deleted]:
        return Call("DELETE", self._path(product, slug), Deleted.model_validate)

    list = fetch_all

    def _path(self, product: str | None, *slug: str) -> str:
        return path("products", self._settings.product_or(product), "envs", *slug)
