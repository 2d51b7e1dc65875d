from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.products.models import Product
from ductape import sealing
from ductape.types.entities import SealingKey

Seal = Callable[..., dict[str, str]]


@pytest.fixture
def seal(shop: Product, alice: Any) -> Seal:
    """What the SDK does: an environment's entry with its key sealed."""
    key = SealingKey.model_validate(alice.get("products/shop/sealing-key").json())

    def entry(
        secret: str, *, tag: str = "gpt", slug: str = "dev", provider: str = "openai", base_url: str | None = None
    ) -> dict[str, str]:
        sealed = sealing.seal(key, secret, tag=tag, env=slug, provider=provider, base_url=base_url)
        return {"slug": slug, "sealed_api_key": sealed, "key_hint": sealing.hint(secret)}

    return entry


@pytest.fixture
def gpt(seal: Seal, alice: Any) -> dict[str, Any]:
    """The model `gpt` with a key in dev and in prd."""
    envs = [seal("dev-key-0123456789-aaaa"), seal("prd-key-0123456789-bbbb", slug="prd")]
    body = {"tag": "gpt", "name": "GPT", "provider": "openai", "model": "gpt-5", "max_tokens": 100, "envs": envs}
    made = alice.post("products/shop/models", body)
    assert made.status_code == 201, made.json()
    return dict(made.json())
