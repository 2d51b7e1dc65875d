"""The runner's HTTP edge, as a badly behaved client meets it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from ductape import Ductape
from ductape.stack import Stack

RUN = {"product": "http", "env": "dev", "model": "m", "input": "Hi"}


@pytest.fixture(scope="module")
def headers(stack: Stack) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.credentials.access_key}"}


@pytest.fixture(scope="module")
def run_id(stack: Stack, headers: dict[str, str], provider: Any) -> str:
    """A finished run of the workspace `default`."""
    api = f"{stack.control_url}/api/v1"
    envs = [{"slug": "dev", "base_url": provider.base_url}]
    model = {"tag": "m", "name": "M", "provider": "custom", "model": "ok", "envs": envs}
    requests.post(f"{api}/products", json={"name": "HTTP", "envs": [{"slug": "dev"}]}, headers=headers, timeout=10)
    requests.post(f"{api}/products/http/models", json=model, headers=headers, timeout=10).raise_for_status()
    run = requests.post(f"{stack.runner_url}/v1/runs", json=RUN, headers=headers, timeout=30).json()
    assert run["status"] == "completed"
    return str(run["execution_id"])


def token_of(stack: Stack, workspace: str, *scopes: str) -> str:
    """What an operator does on the machine: a workspace and a token for it."""
    code = (
        "import django, sys; django.setup()\n"
        "from control_plane.workspaces.models import Workspace\n"
        "from control_plane.workspaces.services import issue_token\n"
        "workspace, _ = Workspace.objects.get_or_create(tag=sys.argv[1])\n"
        "print(issue_token(workspace=workspace, name='test', scopes=sys.argv[2:]))"
    )
    env = {
        "DJANGO_SETTINGS_MODULE": "control_plane.settings",
        "DATABASE_URL": stack.database_url,
        "DUCTAPE_KEYS_DIR": str(stack.data / "keys" / "control"),
    }
    done = subprocess.run([sys.executable, "-c", code, workspace, *scopes], env=env, capture_output=True, check=True)
    return done.stdout.decode().strip()


def refusal(response: requests.Response) -> tuple[int, str]:
    error = response.json()["error"]
    assert set(error) == {"code", "message", "param", "request_id", "retryable"}
    assert error["request_id"] == response.headers["x-request-id"]
    return response.status_code, error["code"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"{", 400, "bad_request"),
        (b"[" * 100_000, 400, "bad_request"),
        (b"[]", 422, "invalid_argument"),
        (b"{}", 422, "invalid_argument"),
        (json.dumps({**RUN, "agent": "a"}).encode(), 422, "invalid_argument"),
        (json.dumps({**RUN, "input": ""}).encode(), 422, "invalid_argument"),
        (json.dumps({**RUN, "input": 7}).encode(), 422, "invalid_argument"),
        (json.dumps({**RUN, "stream": "yes"}).encode(), 422, "invalid_argument"),
        (json.dumps({**RUN, "temperature": 1}).encode(), 422, "unknown_argument"),
        (json.dumps({**RUN, "model_config": {"base_url": "http://x"}}).encode(), 422, "unknown_argument"),
        (json.dumps({**RUN, "input": "nul \0"}).encode(), 422, "invalid_argument"),
        (json.dumps({**RUN, "product": "nope"}).encode(), 404, "product_not_found"),
        (json.dumps({**RUN, "env": "qa"}).encode(), 404, "env_not_found"),
        (b'"' + b"x" * (8 * 1024 * 1024) + b'"', 413, "request_too_large"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_body_is_named(
    stack: Stack, headers: dict[str, str], run_id: str, body: bytes, status: int, code: str
) -> None:
    answer = requests.post(f"{stack.runner_url}/v1/runs", data=body, headers=headers, timeout=10)
    assert refusal(answer) == (status, code)


@pytest.mark.parametrize("header", ["", "Bearer nope", "Basic abc", "Bearer " + "x" * 20_000])
def test_without_a_valid_token_nobody_gets_in(stack: Stack, header: str) -> None:
    answer = requests.post(f"{stack.runner_url}/v1/runs", json=RUN, headers={"Authorization": header}, timeout=10)
    assert refusal(answer) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_two_authorization_headers_are_none(stack: Stack, headers: dict[str, str]) -> None:
    parts = urlsplit(stack.runner_url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        line = f"Authorization: {headers['Authorization']}\r\n"
        connection.sendall(f"GET /v1/runs/x HTTP/1.1\r\nHost: h\r\n{line}{line}Connection: close\r\n\r\n".encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 401")


def test_addresses_and_methods_that_are_not_there(stack: Stack, headers: dict[str, str]) -> None:
    get = requests.get(f"{stack.runner_url}/v1/runs", headers=headers, timeout=10)
    assert refusal(get) == (405, "method_not_allowed")
    other = requests.get(f"{stack.runner_url}/api/v1/products", headers=headers, timeout=10)
    assert refusal(other) == (404, "not_found")


def test_another_workspaces_run_is_one_that_does_not_exist(stack: Stack, headers: dict[str, str], run_id: str) -> None:
    mallory = {"Authorization": f"Bearer {token_of(stack, 'evil', 'admin')}"}
    unknown = "00000000-0000-7000-8000-000000000000"

    assert requests.get(f"{stack.runner_url}/v1/runs/{run_id}", headers=headers, timeout=10).status_code == 200
    for each in (run_id, unknown):
        seen = requests.get(f"{stack.runner_url}/v1/runs/{each}", headers=mallory, timeout=10)
        assert refusal(seen) == (404, "run_not_found")
    run = requests.post(f"{stack.runner_url}/v1/runs", json=RUN, headers=mallory, timeout=10)
    assert refusal(run) == (404, "product_not_found")


def test_a_token_without_the_scope_run_may_not_run(stack: Stack, run_id: str) -> None:
    reader = {"Authorization": f"Bearer {token_of(stack, 'default', 'read', 'write')}"}

    assert requests.get(f"{stack.runner_url}/v1/runs/{run_id}", headers=reader, timeout=10).status_code == 200
    run = requests.post(f"{stack.runner_url}/v1/runs", json=RUN, headers=reader, timeout=10)
    assert refusal(run) == (403, "missing_scope")


def test_a_key_moved_to_another_row_does_not_open_and_nobody_is_called(
    stack: Stack, headers: dict[str, str], run_id: str, provider: Any
) -> None:
    with Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key, product="http") as client:
        for tag in ("mine", "theirs"):
            env = {"slug": "dev", "base_url": provider.base_url, "api_key": f"key-of-{tag}-0123456789"}
            client.model.create(tag=tag, name=tag, provider="custom", model="ok", envs=[env])
    with psycopg.connect(stack.database_owner_url) as connection:
        row = """SELECT key.id, key.sealed FROM catalog_providerkey key
                 JOIN catalog_modelenv env ON env.id = key.model_env_id
                 JOIN catalog_model model ON model.id = env.model_id WHERE model.tag = %s"""
        ((mine, _),) = connection.execute(row, ["mine"]).fetchall()
        ((_, sealed),) = connection.execute(row, ["theirs"]).fetchall()
        connection.execute("UPDATE catalog_providerkey SET sealed = %s WHERE id = %s", [sealed, mine])
    calls = len(provider.seen)

    answer = requests.post(f"{stack.runner_url}/v1/runs", json={**RUN, "model": "mine"}, headers=headers, timeout=10)

    assert (answer.json()["status"], answer.json()["stop_reason"]) == ("failed", "secret_unreadable")
    assert len(provider.seen) == calls
