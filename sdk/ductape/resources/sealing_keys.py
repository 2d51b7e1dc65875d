"""The sealing keys of products as a client uses them: fetched once, and held against what it was told to expect."""

from __future__ import annotations

from ductape import sealing
from ductape.call import Call, Flow
from ductape.errors import APIError, ConfigurationError
from ductape.resources.base import path
from ductape.types.entities import SealingKey


class SealingKeys:
    def __init__(self, pinned: str | None) -> None:
        self._pinned = pinned
        self._known: dict[str, SealingKey] = {}

    def of(self, product: str) -> Flow[SealingKey]:
        """
        Raises:
            APIError: the server's sealing key is malformed.
            ConfigurationError: it is not the pinned one.
        """
        key = self._known.get(product)
        if key is None:
            key = yield fetch(product)
            _check(key, self._pinned)
            self._known[product] = key
        return key

    def forget(self, product: str) -> None:
        self._known.pop(product, None)


def fetch(product: str) -> Call[SealingKey]:
    return Call("GET", path("products", product, "sealing-key"), SealingKey.model_validate)


def _check(key: SealingKey, pinned: str | None) -> None:
    # Of the key itself: what the server says of it proves nothing.
    if pinned is not None and _fingerprint(key) != pinned.strip().lower():
        raise ConfigurationError(
            "the product's sealing key is not the pinned one, nothing was sealed; if it was rotated, ask whoever "
            "rotated it for the new fingerprint",
            "fingerprint_mismatch",
            param="product_key_fingerprint",
        )


def _fingerprint(key: SealingKey) -> str:
    try:
        return sealing.fingerprint(sealing.b64_decode(key.public_key))
    except ValueError:
        pass
    raise APIError("the product's sealing key is malformed; the provider key was not sent", "invalid_response")
