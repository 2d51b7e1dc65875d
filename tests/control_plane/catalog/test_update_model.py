from __future__ import annotations

from typing import Any

import pytest

from control_plane.catalog.models import ProviderKey

MODEL = "products/shop/models/gpt"


def stored() -> dict[str, str]:
    keys = ProviderKey.objects.select_related("model_env__environment")
    return {key.model_env.environment.slug: key.sealed for key in keys}


def test_the_seeds_rotation_changes_one_environments_key_and_nothing_else(
    gpt: dict[str, Any], seal: Any, alice: Any
) -> None:
    before = stored()
    changed = alice.patch(MODEL, {"temperature": 0.5, "envs": [seal("new-prd-key-0123456789-cccc", slug="prd")]}).json()

    assert changed["settings"] == {"max_tokens": 100, "temperature": 0.5}
    assert [(env["slug"], env["api_key"]["version"], env["api_key"]["hint"]) for env in changed["envs"]] == [
        ("dev", 1, "aaaa"),
        ("prd", 2, "cccc"),
    ]
    after = stored()
    assert after["dev"] == before["dev"]
    assert after["prd"] != before["prd"]


def test_what_is_not_named_stays_and_the_version_grows(gpt: dict[str, Any], alice: Any) -> None:
    changed = alice.patch(MODEL, {"envs": [{"slug": "dev", "description": "tests"}]}).json()

    assert changed["version"] == 2
    assert changed["envs"][0] == {**gpt["envs"][0], "description": "tests"}
    assert changed["envs"][1] == gpt["envs"][1]


def test_remove_takes_an_environment_and_its_key_away(gpt: dict[str, Any], alice: Any) -> None:
    changed = alice.patch(MODEL, {"envs": [{"slug": "dev", "remove": True}]}).json()

    assert [env["slug"] for env in changed["envs"]] == ["prd"]
    assert set(stored()) == {"prd"}


def test_null_is_kept_as_send_nothing(gpt: dict[str, Any], alice: Any) -> None:
    assert alice.patch(MODEL, {"max_tokens": None}).json()["settings"] == {"max_tokens": None}


@pytest.mark.parametrize(
    "change",
    [
        {"provider": "xai"},
        {"envs": [{"slug": "dev", "base_url": "https://attacker.example"}]},
    ],
    ids=["provider", "base_url"],
)
def test_a_key_is_never_sent_where_it_was_not_sealed_for(
    gpt: dict[str, Any], alice: Any, refused: Any, change: dict[str, object]
) -> None:
    before = stored()

    assert refused(alice.patch(MODEL, change)) == (422, "key_must_be_resealed")
    assert alice.get(MODEL).json() == gpt
    assert stored() == before


def test_a_new_destination_comes_with_a_new_key(gpt: dict[str, Any], seal: Any, alice: Any) -> None:
    url = "https://proxy.example/v1"
    entry = {**seal("proxy-key-0123456789-dddd", base_url=url), "base_url": url}

    changed = alice.patch(MODEL, {"envs": [entry]}).json()

    assert changed["envs"][0]["base_url"] == url
    assert changed["envs"][0]["api_key"]["version"] == 2


def test_a_tag_cannot_change(gpt: dict[str, Any], alice: Any, refused: Any) -> None:
    assert refused(alice.patch(MODEL, {"tag": "other"})) == (422, "unknown_argument")


def test_an_unknown_model_is_not_found(gpt: dict[str, Any], alice: Any, refused: Any) -> None:
    assert refused(alice.patch("products/shop/models/nope", {"name": "N"})) == (404, "model_not_found")


def test_bob_may_look_but_not_touch(gpt: dict[str, Any], bob: Any, refused: Any) -> None:
    assert bob.get(MODEL).json() == gpt
    assert refused(bob.patch(MODEL, {"name": "Bob's"})) == (403, "missing_scope")
    assert refused(bob.delete(MODEL)) == (403, "missing_scope")
