"""Tokens and members as the SDK handles them, and bindings as both servers keep them."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ductape import AuthenticationError, ConflictError, Ductape, NotFoundError, PermissionDeniedError
from ductape.stack import Stack
from tests.end_to_end.provider import Provider

DOCUMENT = (Path(__file__).parents[2] / "docs" / "access.md").read_text()
As = Callable[[str], Ductape]


@pytest.fixture
def as_token(stack: Stack) -> Iterator[As]:
    """A client with another token."""
    clients: list[Ductape] = []

    def client(token: str) -> Ductape:
        clients.append(Ductape(base_url=stack.control_url, access_key=token, product="access", env="dev"))
        return clients[-1]

    yield client
    for each in clients:
        each.close()


@pytest.fixture(scope="module", autouse=True)
def product(stack: Stack, provider: Provider) -> None:
    envs = [{"slug": slug, "base_url": provider.base_url} for slug in ("dev", "prd")]
    with Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key, product="access") as client:
        client.product.create(name="Access", envs=[{"slug": "dev"}, {"slug": "prd"}])
        client.product.create(name="Hidden", envs=[{"slug": "dev"}])
        client.model.create(tag="m", name="M", provider="custom", model="ok", envs=envs)
        client.agents.define(tag="a", model="m")


def test_a_token_lives_from_create_over_rotate_to_revoke(client: Ductape, as_token: As) -> None:
    issued = client.tokens.create(name="ci", scopes=["read"], products=["access"], expires_in_days=7)
    assert as_token(issued.token).tokens.whoami().products == ["access"]

    rotated = client.tokens.rotate(id=issued.id, grace_hours=1)
    assert as_token(issued.token).tokens.whoami().id == issued.id
    assert as_token(rotated.token).tokens.whoami().id == rotated.id

    for token in (issued, rotated):
        assert client.tokens.revoke(id=token.id).revoked_at is not None
        with pytest.raises(AuthenticationError):
            as_token(token.token).tokens.whoami()
    assert {issued.id, rotated.id} <= {token.id for token in client.tokens.fetch_all()}
    assert client.tokens.fetch(id=rotated.id).replaces == issued.id


def test_rotating_at_once_from_many_sides_makes_one_successor(client: Ductape) -> None:
    token = client.tokens.create(name="raced", scopes=["read"])

    def rotate(_: int) -> str | None:
        try:
            return client.tokens.rotate(id=token.id).id
        except ConflictError as error:
            return error.code

    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(map(str, threads.map(rotate, range(8))))
    successors = [row.id for row in client.tokens.fetch_all() if row.replaces == token.id]
    assert outcomes == sorted([*successors, *["already_rotated"] * 7])
    assert len(successors) == 1


def test_the_first_token_and_the_first_member_may_everything(client: Ductape) -> None:
    seen = client.tokens.whoami()
    assert (seen.workspace, seen.name, seen.scopes) == ("default", "bootstrap", ["read", "write", "run", "admin"])
    assert [(member.user, member.role) for member in client.members.fetch_all()] == [("admin", "admin")]


def test_a_member_has_a_role_and_tokens_that_follow_it(client: Ductape, as_token: As) -> None:
    carol = client.members.create(user="carol@example.com", role="developer")
    token = client.tokens.create(name="laptop", scopes=["read", "run"], member=carol.user).token
    assert as_token(token).agents.run(tag="a", input="Hi").status == "completed"

    client.members.update(id=carol.id, role="viewer")
    with pytest.raises(PermissionDeniedError):
        as_token(token).agents.run(tag="a", input="Hi")
    assert as_token(token).agents.fetch(tag="a").tag == "a"

    assert client.members.delete(id=carol.id).deleted
    with pytest.raises(AuthenticationError):
        as_token(token).agents.fetch(tag="a")


def test_a_bound_token_runs_and_reads_runs_within_its_binding_only(client: Ductape, as_token: As) -> None:
    def token(**binding: Any) -> Ductape:
        return as_token(client.tokens.create(name="bound", scopes=["read", "run"], **binding).token)

    in_dev, elsewhere = token(products=["access"], envs=["dev"]), token(products=["hidden"])

    run = in_dev.agents.run(tag="a", input="Hi")
    assert run.status == "completed"
    in_prd = client.agents.run(product="access", env="prd", tag="a", input="Hi")
    assert in_dev.runs.fetch(run_id=run.run_id).status == "completed"
    for refused in (
        lambda: in_dev.agents.run(tag="a", env="prd", input="Hi"),
        lambda: next(in_dev.agents.stream(tag="a", env="prd", input="Hi")),
        lambda: in_dev.runs.fetch(run_id=in_prd.run_id),
        lambda: elsewhere.agents.run(tag="a", input="Hi"),
        lambda: elsewhere.runs.fetch(run_id=run.run_id),
    ):
        with pytest.raises(NotFoundError):
            refused()


def test_the_lines_of_the_document_run(client: Ductape, as_token: As, capsys: pytest.CaptureFixture[str]) -> None:
    client.product.create(name="Shop")
    (lines,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    names: dict[str, Any] = {"ductape": client}

    exec(compile(lines, "access.md", "exec"), names)  # the point of the test

    token, scopes = capsys.readouterr().out.splitlines()
    with pytest.raises(AuthenticationError):
        as_token(token).tokens.whoami()
    assert scopes == "['read', 'write', 'run', 'admin']"
    assert as_token(names["laptop"].token).tokens.whoami().scopes == ["read"]
    client.product.delete(tag="shop")


HEADERS = {
    "1 MB": (b"Authorization: Bearer dts_" + b"x" * 1_000_000, 431),
    "two headers": (b"Authorization: %(valid)s\r\nAuthorization: %(valid)s", 401),
    "two headers, the first is wrong": (b"Authorization: Bearer x\r\nAuthorization: %(valid)s", 401),
    "two headers, the last is wrong": (b"Authorization: %(valid)s\r\nAuthorization: Bearer x", 401),
    "NUL": (b"Authorization: %(valid)s\x00", 400),
    "folded": (b"Authorization: Bearer\r\n %(valid)s", 400),
    "latin-1": (b"Authorization: Bearer dts_\xff\xfe", 401),
    "UTF-8": ("Authorization: Bearer dts_٣٣٣".encode(), 401),
    "no value": (b"Authorization:", 401),
}


@pytest.mark.parametrize("server", ["control", "runner"])
@pytest.mark.parametrize(("header", "status"), HEADERS.values(), ids=HEADERS)
def test_no_header_gets_in_or_breaks_a_server(stack: Stack, server: str, header: bytes, status: int) -> None:
    base, path = (stack.control_url, "api/v1/token") if server == "control" else (stack.runner_url, "v1/runs/x")
    valid = f"Bearer {stack.credentials.access_key}".encode()

    assert raw_status(base, path, header.replace(b"%(valid)s", valid)) == status
    assert requests.get(f"{base}/healthz", timeout=10).status_code == 200


def raw_status(base: str, path: str, header: bytes) -> int:
    parts = urlsplit(base)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        # Refused before all of it was sent; the answer is there all the same.
        with suppress(ConnectionError):
            connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n".encode() + header + b"\r\n\r\n")
        return int(connection.recv(64).split()[1])
