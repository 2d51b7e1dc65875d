"""Who may do what, for every operation that there is: a new one is tested by being in the document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Set
from typing import Any

import pytest

from tests.control_plane.api.answering import send
from tests.control_plane.api.described import Described, Json, Names, operations


def cases(chosen: Iterable[Described]) -> list[Any]:
    """As parameters of a test. The runner works in threads of its own, which see committed rows only."""
    return [
        pytest.param(each, id=str(each), marks=pytest.mark.django_db(transaction=each.on_runner)) for each in chosen
    ]


def addressed(operation: Described, names: Names, nobodys: Set[str] = frozenset()) -> tuple[str, Json | None]:
    """Address and body that name what is alice's, or nobody's where it is said so."""
    chosen = {name: both[name in nobodys] for name, both in names.items()}
    body = operation.request and json.dumps(operation.request["example"])
    for name, (alices, _) in names.items():
        body = body and body.replace(f'"{alices}"', f'"{chosen[name]}"')
    return operation.path.format(**chosen) + operation.query, json.loads(body) if body else None


def anonymous(text: str, names: Names) -> str:
    for alices, nobodys in names.values():
        text = text.replace(nobodys, alices)
    return text


@pytest.mark.parametrize("operation", cases(each for each in operations() if each.scopes))
def test_without_a_token_nothing_is_answered(operation: Described, names: Names) -> None:
    answer = send(operation, *addressed(operation, names))

    assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize("operation", cases(each for each in operations() if each.scopes not in ([], ["read"])))
def test_a_token_that_may_only_read_changes_nothing(operation: Described, names: Names, bob: Any) -> None:
    answer = send(operation, *addressed(operation, names), token=bob.token)

    assert (answer.status, answer.code) == (403, "missing_scope")


def test_whatever_changes_something_needs_more_than_read() -> None:
    little = {str(each) for each in operations() if each.mutates and each.scopes in ([], ["read"])}
    assert little == {"agent_resolve", "model_resolve"}  # which change nothing


def named_by(operation: Described) -> list[str]:
    """What of alice's an operation names: in its path, or as the product in its body."""
    example = operation.request["example"] if operation.request else {}
    return operation.parameters or [name for name in ("product",) if name in example]


@pytest.mark.parametrize("operation", cases(each for each in operations() if named_by(each)))
def test_what_is_another_workspaces_is_what_does_not_exist(operation: Described, names: Names, mallory: Any) -> None:
    answers = both(operation, names, mallory, frozenset(named_by(operation)))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


# A PUT makes what is not there, for everybody the same.
@pytest.mark.parametrize(
    "operation", cases(each for each in operations() if len(each.parameters) > 1 and each.method != "PUT")
)
def test_a_product_of_the_same_tag_leads_to_nothing_of_the_other(
    operation: Described, names: Names, mallory: Any
) -> None:
    assert mallory.post("products", {"name": "Shop", "envs": []}).status_code == 201
    answers = both(operation, names, mallory, frozenset(operation.parameters) - {"product"})

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


@pytest.mark.parametrize("operation", cases(each for each in operations() if each.parameters))
def test_the_owner_finds_it_under_that_address(operation: Described, names: Names, alice: Any) -> None:
    assert send(operation, *addressed(operation, names), token=alice.token).status != 404


def both(operation: Described, names: Names, caller: Any, nobodys: Set[str]) -> list[tuple[int, str]]:
    """The answers to alice's names and to nobody's, made comparable."""
    answers = [
        send(operation, *addressed(operation, names, chosen), token=caller.token) for chosen in (frozenset(), nobodys)
    ]
    return [(answer.status, anonymous(json.dumps(answer.error), names)) for answer in answers]
