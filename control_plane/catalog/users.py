"""Who uses a model. Apps above the catalog add their answer here, so that the catalog need not know them."""

from __future__ import annotations

from collections.abc import Callable

from control_plane.products.models import Product

MODEL_USERS: list[Callable[[Product, str], list[str]]] = []
"""Each takes the product and the tag of a model and returns the tags of its users."""


def users_of(product: Product, tag: str) -> list[str]:
    return sorted({*_falling_back_on(product, tag), *(user for find in MODEL_USERS for user in find(product, tag))})


def _falling_back_on(product: Product, tag: str) -> list[str]:
    return list(product.models.filter(fallback__models__contains=[tag]).values_list("tag", flat=True))
