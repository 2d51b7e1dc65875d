from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from control_plane.api.errors import as_api_error
from control_plane.api.parsing import MAX_BODY


@pytest.mark.parametrize("path", ["/nope", "/api/v1/nope", "/api/v1/products/"])
def test_an_unknown_address_is_json_too(db: None, refused: Any, path: str) -> None:
    assert refused(Client().get(path)) == (404, "not_found")


def test_a_body_that_is_not_json(alice: Any, refused: Any) -> None:
    headers = {"Authorization": f"Bearer {alice.token}"}
    for body in (b"{", b"\xff", b"[" * 100_000, b'{"name": "half a pair \\ud800"}'):
        answer = Client().post("/api/v1/products", body, content_type="application/json", headers=headers)
        assert refused(answer) == (400, "bad_request")


def test_a_wrong_method_or_media_type(alice: Any, refused: Any) -> None:
    assert refused(alice.put("products", {})) == (405, "method_not_allowed")
    headers = {"Authorization": f"Bearer {alice.token}"}
    answer = Client().post("/api/v1/products", b"name=x", content_type="text/plain", headers=headers)
    assert refused(answer) == (415, "unsupported_media_type")


def test_what_nobody_foresaw_says_nothing_of_itself() -> None:
    error = as_api_error(RuntimeError("secret detail"))

    assert (error.status, error.code) == (500, "internal_error")
    assert "secret" not in json.dumps(error.body("req_1"))


def test_a_lost_database_may_be_retried() -> None:
    error = as_api_error(OperationalError("server at 10.0.0.1 closed the connection"))

    assert (error.status, error.code, error.retryable) == (503, "unavailable", True)
    assert "10.0.0.1" not in error.message


def test_the_service_says_where_runs_go_without_a_token(db: None) -> None:
    assert Client().get("/api/v1/").json() == {"service": "ductape", "version": "v1", "runner_url": None}


def test_a_body_beyond_the_limit_is_refused(alice: Any, refused: Any) -> None:
    headers = {"Authorization": f"Bearer {alice.token}"}
    body = b'{"name": "' + b"x" * MAX_BODY + b'"}'
    answer = Client().post("/api/v1/products", body, content_type="application/json", headers=headers)
    assert refused(answer) == (413, "request_too_large")
