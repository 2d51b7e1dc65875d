"""How far a caller's token goes inside its workspace. What lies beyond is, for the caller, not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.db.models import Q
from django_scopes import get_scope


@dataclass(frozen=True, slots=True)
class Reach:
    """The products (tags) and environments (slugs) that a token is bound to; None is all of them."""

    products: frozenset[str] | None = None
    envs: frozenset[str] | None = None

    @classmethod
    def of(cls, products: Iterable[str] | None, envs: Iterable[str] | None) -> Self:
        return cls(_names(products), _names(envs))

    @property
    def bound(self) -> bool:
        return self.products is not None or self.envs is not None

    def has_product(self, tag: str) -> bool:
        return self.products is None or tag in self.products

    def has_env(self, slug: str) -> bool:
        return self.envs is None or slug in self.envs

    def covers(self, other: Reach) -> bool:
        """Nothing that the other reaches is beyond this one."""
        return _covers(self.products, other.products) and _covers(self.envs, other.envs)

    def in_products(self, column: str) -> Q:
        return _among(column, self.products)

    def in_envs(self, column: str) -> Q:
        return _among(column, self.envs)


EVERYWHERE = Reach()


def current_reach() -> Reach:
    """The caller's, entered with `scope(reach=...)`. Where nobody calls, the server works for itself, without limit."""
    reach: Reach = get_scope().get("reach", EVERYWHERE)
    return reach


def _names(given: Iterable[str] | None) -> frozenset[str] | None:
    return None if given is None else frozenset(given)


def _covers(mine: frozenset[str] | None, theirs: frozenset[str] | None) -> bool:
    return mine is None or (theirs is not None and theirs <= mine)


def _among(column: str, names: frozenset[str] | None) -> Q:
    return Q() if names is None else Q(**{f"{column}__in": names})
