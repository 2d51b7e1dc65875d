from __future__ import annotations

from typing import Any

from control_plane.catalog.models import ModelEnv, ProviderKey


def test_a_model_goes_with_its_keys(gpt: dict[str, Any], alice: Any) -> None:
    assert alice.delete("products/shop/models/gpt").json() == {"deleted": True, "tag": "gpt"}
    assert alice.get("products/shop/models/gpt").status_code == 404
    assert not ModelEnv.objects.exists()
    assert not ProviderKey.objects.exists()


def test_one_in_use_stays_and_its_users_are_named(gpt: dict[str, Any], alice: Any, refused: Any) -> None:
    for tag in ("b-bot", "a-bot"):
        alice.put(f"products/shop/agents/{tag}", {"tag": tag, "model": "gpt"})

    answer = alice.delete("products/shop/models/gpt")

    assert refused(answer) == (409, "model_in_use")
    assert "a-bot, b-bot" in answer.json()["error"]["message"]
    assert alice.get("products/shop/models/gpt").json() == gpt
