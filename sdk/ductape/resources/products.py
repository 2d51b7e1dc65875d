from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ductape.call import Call, Flow, new_key
from ductape.resources import sealing_keys
from ductape.resources.base import UNSET, Resource, Unset, all_pages, body, given, path
from ductape.resources.environments import Environments
from ductape.sending import TransportT, operation
from ductape.types.entities import (
    EnvironmentInput,
    Product,
    ProductCreate,
    ProductDeleted,
    ProductUpdate,
    SealingKey,
    SealingKeyRotate,
)
from ductape.types.runs import Readiness
from ductape.types.versions import Promote, PromotionPlan


class Products(Resource[TransportT]):
    @operation
    def create(
        self,
        *,
        name: str,
        tag: str | Unset = UNSET,
        description: str | Unset = UNSET,
        envs: Sequence[EnvironmentInput | Mapping[str, Any]] | Unset = UNSET,
    ) -> Call[Product]:
        """Create a product, with the environments dev, stg and prd unless `envs` says otherwise.

        Args:
            tag: derived from the name unless given; it never changes.

        Raises:
            ConflictError: the tag is taken.
        """
        fields = given(name=name, tag=tag, description=description, envs=envs)
        create = body(ProductCreate, fields)
        return Call("POST", path("products"), Product.model_validate, body=create, idempotency_key=new_key())

    @operation
    def fetch(self, *, tag: str) -> Call[Product]:
        return Call("GET", path("products", tag), Product.model_validate)

    @operation
    def fetch_all(self) -> Flow[builtins.list[Product]]:
        return all_pages(path("products"), Product)

    @operation
    def update(self, *, tag: str, name: str | Unset = UNSET, description: str | Unset = UNSET) -> Call[Product]:
        changes = body(ProductUpdate, given(name=name, description=description))
        return Call("PATCH", path("products", tag), Product.model_validate, body=changes)

    @operation
    def delete(self, *, tag: str, force: bool = False) -> Call[ProductDeleted]:
        """Delete a product that holds neither models nor agents; with `force` one with all that it holds.

        Args:
            force: needs the scope `admin`. Models with their keys, agents, versions and runs are gone for good; a run
                in progress is not stopped, and its caller finds no record of it.

        Raises:
            ConflictError: it still holds models or agents.
        """
        query = {"force": "true"} if force else {}
        return Call("DELETE", path("products", tag), ProductDeleted.model_validate, query=query)

    @operation
    def readiness(self, *, tag: str | None = None, env: str | None = None) -> Call[Readiness]:
        """Which models and agents could run in an environment, and why the others could not."""
        url = path("products", self._settings.product_or(tag), "readiness")
        return Call("GET", url, Readiness.model_validate, query={"env": self._settings.env_or(env)})

    @operation
    def sealing_key(self, *, tag: str | None = None) -> Call[SealingKey]:
        """The public key that provider keys are sealed to, its fingerprint, and how far a rotation has come."""
        return sealing_keys.fetch(self._settings.product_or(tag))

    @operation
    def rotate_sealing_key(self, *, tag: str | None = None, grace_minutes: int | Unset = UNSET) -> Call[SealingKey]:
        """Make a new key pair. Provider keys need not be given again: runners seal them to it.

        Args:
            grace_minutes: how long seals to the key before are still taken, for clients that have fetched it; 10.

        Raises:
            ConflictError: seals to the key before the present one are still taken.
        """
        url = path("products", self._settings.product_or(tag), "rotate-sealing-key")
        rotate = body(SealingKeyRotate, given(grace_minutes=grace_minutes))
        return Call("POST", url, SealingKey.model_validate, body=rotate, idempotency_key=new_key())

    @operation
    def plan_promotion(self, *, from_env: str, to_env: str, tag: str | None = None) -> Call[PromotionPlan]:
        """What `promote` would change in `to_env`, and which keys it would lack."""
        fields = body(Promote, {"from_env": from_env, "to_env": to_env})
        return Call("POST", self._promote(tag), PromotionPlan.model_validate, body=fields, harmless=True)

    @operation
    def promote(self, *, plan: PromotionPlan, tag: str | None = None) -> Call[PromotionPlan]:
        """Bring what one environment says to another. Keys and addresses stay where they are.

        Raises:
            ConflictError: either environment has changed since the plan was made.
        """
        fields = body(Promote, plan.model_dump(include={"from_env", "to_env", "hash"}))
        return Call("POST", self._promote(tag), PromotionPlan.model_validate, body=fields, idempotency_key=new_key())

    list = fetch_all

    @cached_property
    def environments(self) -> Environments[TransportT]:
        return Environments(self._transport, self._settings)

    @property
    def environment(self) -> Environments[TransportT]:
        return self.environments

    def _promote(self, tag: str | None) -> str:
        return path("products", self._settings.product_or(tag), "promote")
