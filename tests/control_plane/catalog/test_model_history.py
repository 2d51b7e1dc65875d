from __future__ import annotations

from typing import Any

import pytest

from control_plane.catalog.models import ModelVersion, ProviderKey

MODEL = "products/shop/models/gpt"


def numbers(alice: Any) -> list[int]:
    return [version["number"] for version in alice.get(f"{MODEL}/versions").json()["data"]]


def test_each_change_is_a_version_with_author_and_reason(gpt: dict[str, Any], alice: Any) -> None:
    alice.patch(MODEL, {"temperature": 0.1, "message": "calmer"})

    first, second = alice.get(f"{MODEL}/versions").json()["data"]
    assert (first["number"], first["message"]) == (1, "")
    assert (second["number"], second["author"], second["message"]) == (2, "alice", "calmer")
    assert second["content"]["settings"] == {"max_tokens": 100, "temperature": 0.1}
    assert alice.get(f"{MODEL}/versions/2").json() == second


def test_a_change_of_nothing_is_no_version(gpt: dict[str, Any], alice: Any) -> None:
    assert alice.patch(MODEL, {"name": "GPT", "message": "same"}).json()["version"] == 1
    assert numbers(alice) == [1]


def test_a_new_key_is_a_version_that_names_only_its_number(gpt: dict[str, Any], seal: Any, alice: Any) -> None:
    alice.patch(MODEL, {"envs": [seal("other-key-0123456789-zzzz")]})

    diff = alice.get(f"{MODEL}/diff").json()
    assert diff == {
        "before": 1,
        "after": 2,
        "changes": [{"path": "envs.dev.key_version", "kind": "changed", "before": 1, "after": 2}],
    }
    assert "drest1" not in str([version.content for version in ModelVersion.objects.all()])


def test_any_two_versions_compare(gpt: dict[str, Any], alice: Any) -> None:
    for temperature in (0.1, 0.2):
        alice.patch(MODEL, {"temperature": temperature})

    changes = alice.get(f"{MODEL}/diff?before=1&after=3").json()["changes"]
    assert changes == [{"path": "settings.temperature", "kind": "added", "before": None, "after": 0.2}]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("versions/9", 404, "version_not_found"),
        ("diff?after=9", 404, "version_not_found"),
        ("diff?after=x", 422, "invalid_argument"),
        ("diff?before=-1", 422, "invalid_argument"),
    ],
)
def test_an_unknown_version_is_said(
    gpt: dict[str, Any], alice: Any, refused: Any, path: str, status: int, code: str
) -> None:
    assert refused(alice.get(f"{MODEL}/{path}")) == (status, code)


def test_a_rollback_brings_settings_back_as_a_new_version_and_no_old_key(
    gpt: dict[str, Any], seal: Any, alice: Any
) -> None:
    alice.patch(MODEL, {"temperature": 0.9, "name": "Hot", "envs": [seal("newer-key-0123456789-yyyy")]})
    key = ProviderKey.objects.get(hint="yyyy").sealed

    back = alice.post(f"{MODEL}/rollback", {"to": 1}).json()

    assert (back["name"], back["settings"], back["version"]) == ("GPT", {"max_tokens": 100}, 3)
    assert back["envs"][0]["api_key"]["hint"] == "yyyy"
    assert ProviderKey.objects.get(hint="yyyy").sealed == key
    assert alice.get(f"{MODEL}/versions/3").json()["message"] == "rollback to version 1"


def test_a_preview_says_what_would_change_and_changes_nothing(gpt: dict[str, Any], seal: Any, alice: Any) -> None:
    alice.patch(MODEL, {"temperature": 0.9, "envs": [seal("newer-key-0123456789-yyyy")]})
    before = alice.get(MODEL).json()

    preview = alice.post(f"{MODEL}/rollback", {"to": 1, "preview": True}).json()

    assert preview["changes"] == [{"path": "settings.temperature", "kind": "removed", "before": 0.9, "after": None}]
    assert preview["warnings"] == ["'dev' keeps the key it has now"]
    assert alice.get(MODEL).json() == before
    assert numbers(alice) == [1, 2]


def test_a_rollback_never_sends_a_key_to_another_place(
    gpt: dict[str, Any], seal: Any, alice: Any, refused: Any
) -> None:
    url = "https://proxy.example/v1"
    alice.patch(MODEL, {"envs": [{**seal("proxy-key-0123456789-pppp", base_url=url), "base_url": url}]})
    before = alice.get(MODEL).json()

    assert refused(alice.post(f"{MODEL}/rollback", {"to": 1})) == (422, "key_must_be_resealed")
    assert alice.get(MODEL).json() == before


def test_an_environment_taken_away_since_comes_back_without_its_key(gpt: dict[str, Any], alice: Any) -> None:
    alice.patch(MODEL, {"envs": [{"slug": "prd", "remove": True}]})

    preview = alice.post(f"{MODEL}/rollback", {"to": 1, "preview": True}).json()
    back = alice.post(f"{MODEL}/rollback", {"to": 1}).json()

    assert preview["warnings"] == ["'prd' comes back without its key"]
    assert [(env["slug"], env["api_key"]["set"]) for env in back["envs"]] == [("dev", True), ("prd", False)]


def test_bob_may_look_back_but_not_go_back(gpt: dict[str, Any], bob: Any, refused: Any) -> None:
    assert bob.get(f"{MODEL}/versions").status_code == 200
    assert refused(bob.post(f"{MODEL}/rollback", {"to": 1})) == (403, "missing_scope")
