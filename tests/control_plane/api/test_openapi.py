from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from control_plane.api.errors import ApiError
from control_plane.api.openapi import document
from control_plane.gateway.app import _route
from tests.control_plane.api.described import Described, faults, operations, the_document

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_of(patterns: Any, prefix: str = "/") -> Iterator[tuple[str, str, Any]]:
    """Method, path and handler of everything below /api/v1 in the URL conf."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from methods_of(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("/api/v1/") and path != "/api/v1/openapi.json":
            view = pattern.callback.view_class  # type: ignore[attr-defined]
            for method in view().allowed_methods:
                if method in METHODS:
                    yield method, re.sub(r"<\w+:(\w+)>", r"{\1}", path), getattr(view, method.lower())


def test_every_method_of_every_view_is_declared_as_an_operation() -> None:
    handlers = list(methods_of(get_resolver().url_patterns))

    assert [(method, path) for method, path, handler in handlers if not hasattr(handler, "operation")] == []


def test_the_document_has_every_url_and_no_other() -> None:
    served = {(method, path) for method, path, _ in methods_of(get_resolver().url_patterns)}

    assert {(each.method, each.path) for each in operations() if each.path.startswith("/api/v1/")} == served


@pytest.mark.parametrize("path", ["/v1/runs", "/v1/runs/{run_id}"])
def test_the_runner_answers_to_the_methods_that_the_document_gives_it(path: str) -> None:
    def routed(method: str) -> bool:
        try:
            return bool(_route(method, path))
        except ApiError:
            return False

    described = {each.method for each in operations() if each.path == path}
    assert {method for method in METHODS if routed(method)} == described


def test_the_runner_says_which_method_it_allows() -> None:
    with pytest.raises(ApiError) as refused:
        _route("PUT", "/v1/runs")

    assert (refused.value.status, refused.value.headers) == (405, {"Allow": "POST"})


def test_operations_are_named_noun_verb_and_each_once() -> None:
    names = [str(operation) for operation in operations()]

    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name)] == []


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_an_operation_is_described_in_full(operation: Described) -> None:
    body = operation.body
    needed = {"5XX"} if not body["security"] else {"401", "403", "422", "5XX"}

    assert body["summary"]
    assert body["tags"]
    assert body["responses"].keys() >= needed | ({"404"} if operation.parameters else set())
    assert (operation.request is not None) == (operation.method in {"POST", "PUT", "PATCH"})


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_examples_are_what_the_schemas_say(operation: Described) -> None:
    statuses = [503 if status == "5XX" else int(status) for status in operation.body["responses"]]
    media = [operation.answer(status) for status in statuses]
    if operation.request is not None:
        media.append(operation.request)

    assert [fault for each in media for fault in faults(each["schema"], each["example"])] == []
    for parameter in operation.body["parameters"]:
        if "example" in parameter:
            assert faults(parameter["schema"], parameter["example"]) == []


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(the_document())
    components = the_document()["components"]

    for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', text):
        assert name in components[kind]


def test_docstrings_of_fields_are_descriptions() -> None:
    fields = the_document()["components"]["schemas"]["ModelCreate"]["properties"]

    assert fields["top_p"]["description"] == "Nucleus sampling: the probability mass to sample from."


def test_the_committed_copy_is_current(tmp_path: Path) -> None:
    call_command("openapi", str(tmp_path / "openapi.json"), verbosity=0)

    same = (tmp_path / "openapi.json").read_text() == COMMITTED.read_text()
    assert same, "the API has changed: write its description anew with `make openapi`"


def test_it_is_served_without_a_token_and_a_database() -> None:
    answer = Client().get("/api/v1/openapi.json")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == the_document()


def test_the_document_names_the_runner_where_it_is_elsewhere() -> None:
    served = document("https://runner.example")["paths"]

    assert served["/v1/runs"]["servers"][0]["url"] == "https://runner.example"
    assert "servers" not in served["/api/v1/products"]
