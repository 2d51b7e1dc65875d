from __future__ import annotations

from typing import Any

import pytest

MODEL = "products/shop/models/gpt"
DEFAULT = ["retryable", "timeout", "circuit_open"]


@pytest.fixture
def spare(gpt: dict[str, Any], alice: Any) -> None:
    """`gpt` falls back on the local model `spare`."""
    body = {"tag": "spare", "name": "S", "provider": "local", "model": "a/b", "envs": [{"slug": "dev"}]}
    assert alice.post("products/shop/models", body).status_code == 201
    assert alice.patch(MODEL, {"fallback": {"models": ["spare"]}}).status_code == 200


def test_a_model_names_its_fallbacks_and_their_conditions(spare: None, alice: Any) -> None:
    assert alice.get(MODEL).json()["fallback"] == {"models": ["spare"], "when": DEFAULT}

    alice.patch(MODEL, {"fallback": {"models": ["spare", "later"], "when": ["rate_limit"]}})
    assert alice.get(MODEL).json()["fallback"] == {"models": ["spare", "later"], "when": ["rate_limit"]}

    alice.patch(MODEL, {"name": "Other"})
    assert alice.get(MODEL).json()["fallback"]["models"] == ["spare", "later"]

    alice.patch(MODEL, {"fallback": None})
    assert alice.get(MODEL).json()["fallback"] is None


def test_they_are_part_of_its_versions(spare: None, alice: Any) -> None:
    (change,) = alice.get(f"{MODEL}/diff?before=1&after=2").json()["changes"]
    assert (change["path"], change["kind"]) == ("fallback", "changed")

    assert alice.post(f"{MODEL}/rollback", {"to": 1}).json()["fallback"] is None
    assert alice.post(f"{MODEL}/rollback", {"to": 2}).json()["fallback"]["models"] == ["spare"]


@pytest.mark.parametrize(
    "fallback",
    [
        {"models": []},
        {"models": ["a", "b", "c", "d"]},
        {"models": ["a", "a"]},
        {"models": ["gpt"]},
        {"models": ["A tag"]},
        {"models": ["a"], "when": []},
        {"models": ["a"], "when": ["sometimes"]},
        {"models": ["a"], "base_url": "https://elsewhere.example"},
    ],
    ids=str,
)
def test_a_fallback_that_makes_no_sense_is_refused(
    gpt: dict[str, Any], alice: Any, refused: Any, fallback: Any
) -> None:
    status, code = refused(alice.patch(MODEL, {"fallback": fallback}))
    assert (status, code) in {(422, "invalid_argument"), (422, "unknown_argument")}
    assert alice.get(MODEL).json()["version"] == 1


def test_two_may_fall_back_on_each_other(spare: None, alice: Any) -> None:
    assert alice.patch("products/shop/models/spare", {"fallback": {"models": ["gpt"]}}).status_code == 200


def test_one_that_others_fall_back_on_stays_and_they_are_named(spare: None, alice: Any, refused: Any) -> None:
    answer = alice.delete("products/shop/models/spare")

    assert refused(answer) == (409, "model_in_use")
    assert "used by gpt;" in answer.json()["error"]["message"]


def test_a_token_bound_to_an_environment_may_not_change_them(spare: None, bound: Any, refused: Any) -> None:
    assert refused(bound(envs=["dev"]).patch(MODEL, {"fallback": None})) == (403, "beyond_binding")
