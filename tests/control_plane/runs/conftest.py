from __future__ import annotations

from typing import Any

import pytest

from control_plane.products.models import Product


@pytest.fixture
def helper(shop: Product, alice: Any) -> None:
    """A local model `smol` configured in dev only, and the agent `helper` on it."""
    alice.post(
        "products/shop/models",
        {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "max_tokens": 200, "envs": [{"slug": "dev"}]},
    )
    alice.put(
        "products/shop/agents/helper",
        {
            "tag": "helper",
            "model": "smol",
            "system_prompt": "You help.",
            "model_config": {"temperature": 0.4},
            "envs": [{"slug": "dev", "model_config": {"max_tokens": 60}}],
        },
    )
