from __future__ import annotations

import builtins

from ductape.call import Call
from ductape.resources.base import UNSET, Deleted, Resource, Unset, all_pages, body, given, path
from ductape.types.entities import Environment, EnvironmentInput, EnvironmentUpdate


class Environments(Resource):
    """The environments of a product: `client.product.environments`."""

    def create(
        self,
        *,
        slug: str,
        product: str | None = None,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        active: bool | Unset = UNSET,
    ) -> Environment:
        """Raises: ConflictError: the product has this environment already."""
        fields = body(EnvironmentInput, given(slug=slug, name=name, description=description, active=active))
        return self._transport.send(Call("POST", self._path(product), Environment.model_validate, body=fields))

    def fetch(self, *, slug: str, product: str | None = None) -> Environment:
        return self._transport.send(Call("GET", self._path(product, slug), Environment.model_validate))

    def fetch_all(self, *, product: str | None = None) -> builtins.list[Environment]:
        return self._transport.run(all_pages(self._path(product), Environment))

    def update(
        self,
        *,
        slug: str,
        product: str | None = None,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        active: bool | Unset = UNSET,
    ) -> Environment:
        """An inactive environment (`active=False`) refuses runs."""
        changes = body(EnvironmentUpdate, given(name=name, description=description, active=active))
        return self._transport.send(Call("PATCH", self._path(product, slug), Environment.model_validate, body=changes))

    def delete(self, *, slug: str, product: str | None = None) -> Deleted:
        return self._transport.send(Call("DELETE", self._path(product, slug), Deleted.model_validate))

    list = fetch_all

    def _path(self, product: str | None, *slug: str) -> str:
        return path("products", self._settings.product_or(product), "envs", *slug)
