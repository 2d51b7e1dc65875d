"""Whatever stands in the header, the answer is a 401 of the one shape, and garbage costs no query."""

from __future__ import annotations

import string

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control_plane.workspaces.token_format import new_token

# What a header can hold by the time that a WSGI server has read it: latin-1, whatever the bytes were.
LATIN = st.text(st.characters(max_codepoint=255), max_size=200)
SCHEMES = st.sampled_from(["Bearer ", "bearer ", "BEARER\t", "Bearer  ", "Bearer", "Basic ", "dts_", "", "\x00"])
NEARLY = st.builds(
    lambda position, character: new_token()[:position] + character + new_token()[position + 1 :],
    st.integers(0, 40),
    st.characters(max_codepoint=255),
)
TOKENS = LATIN | NEARLY | st.text(string.ascii_letters + "_-", max_size=60).map("dts_".__add__)


def status(header: str) -> int:
    return Client(raise_request_exception=False).get("/api/v1/products", headers={"Authorization": header}).status_code


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scheme=SCHEMES, token=TOKENS, rest=LATIN | st.just(""))
def test_garbage_is_a_401_without_a_query(db: None, scheme: str, token: str, rest: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert status(scheme + token + rest) == 401
    assert len(queries) == 0


@pytest.mark.parametrize(
    "header",
    [
        "Bearer " + "x" * 1_000_000,
        "Bearer dts_" + "0" * 1_000_000,
        f"Bearer {new_token()},Bearer {new_token()}",
        f"Bearer {new_token()} {new_token()}",
        "Bearer " + "\x00" * 41,
        "Bearer dts_" + "\u0663" * 30 + "_000000",
        f"Bearer {new_token()}\x00",
    ],
    ids=[
        "1 MB",
        "1 MB that begins well",
        "two headers, joined",
        "two tokens",
        "NUL",
        "digits of another script",
        "tail",
    ],
)
def test_the_worst_of_it_is_a_401_without_a_query(db: None, header: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert status(header) == 401
    assert len(queries) == 0


def test_a_well_formed_stranger_costs_one_look_up(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert status(f"Bearer {new_token()}") == 401
    assert len(queries) == 1
