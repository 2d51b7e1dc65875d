from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ductape.call import Call
from ductape.resources.base import UNSET, Deleted, Resource, Unset, all_pages, body, given, path
from ductape.resources.environments import Environments
from ductape.types.entities import EnvironmentInput, Product, ProductCreate, ProductUpdate


class Products(Resource):
    def create(
        self,
        *,
        name: str,
        tag: str | Unset = UNSET,
        description: str | Unset = UNSET,
        envs: Sequence[EnvironmentInput | Mapping[str, Any]] | Unset = UNSET,
    ) -> Product:
        """Create a product, with the environments dev, stg and prd unless `envs` says otherwise.

        Args:
            tag: derived from the name unless given; it never changes.

        Raises:
            ConflictError: the tag is taken.
        """
        fields = given(name=name, tag=tag, description=description, envs=envs)
        return self._transport.send(
            Call("POST", path("products"), Product.model_validate, body=body(ProductCreate, fields))
        )

    def fetch(self, *, tag: str) -> Product:
        return self._transport.send(Call("GET", path("products", tag), Product.model_validate))

    def fetch_all(self) -> builtins.list[Product]:
        return self._transport.run(all_pages(path("products"), Product))

    def update(self, *, tag: str, name: str | Unset = UNSET, description: str | Unset = UNSET) -> Product:
        changes = body(ProductUpdate, given(name=name, description=description))
        return self._transport.send(Call("PATCH", path("products", tag), Product.model_validate, body=changes))

    def delete(self, *, tag: str) -> Deleted:
        return self._transport.send(Call("DELETE", path("products", tag), Deleted.model_validate))

    list = fetch_all

    @cached_property
    def environments(self) -> Environments:
        return Environments(self._transport, self._settings)

    @property
    def environment(self) -> Environments:
        return self.environments
