from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.products.models import Product
from control_plane.workspaces.models import AccessToken
from ductape.sealing import b64_encode
from tests.control_plane.conftest import Caller

NOBODY = "00000000-0000-7000-8000-000000000000"


def made_by(caller: Caller, **more: Any) -> dict[str, Any]:
    answer = caller.post("tokens", {"name": "ci", "scopes": ["read"], **more})
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())


def test_pages_join_to_the_whole_list_oldest_first(alice: Caller) -> None:
    ids = [str(AccessToken.objects.get(name="alice").id), *(made_by(alice)["id"] for _ in range(4))]

    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        body = alice.get(f"tokens?limit=2&cursor={cursor}").json()
        seen += [row["id"] for row in body["data"]]
        cursor = body["next_cursor"]

    assert seen == ids


def test_a_cursor_of_another_list_is_named(alice: Caller, refused: Any) -> None:
    assert refused(alice.get(f"tokens?cursor={b64_encode(b'shop')}")) == (422, "invalid_argument")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/rotate")])
def test_another_workspaces_token_is_one_that_does_not_exist(
    alice: Caller, mallory: Caller, refused: Any, method: str, path: str
) -> None:
    token = made_by(alice)
    body: dict[str, Any] | None = {} if method == "POST" else None

    for each in (token["id"], NOBODY):
        answer = mallory._send(method, f"tokens/{each}{path}", body)
        assert refused(answer) == (404, "token_not_found")
        assert answer.json()["error"]["message"] == f"no token {each!r} here; check its id"
    assert [row["name"] for row in mallory.get("tokens").json()["data"]] == ["mallory"]
    assert Caller(token["token"], alice.workspace).get("token").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/rotate")])
def test_a_bound_admin_sees_only_what_reaches_no_further(
    shop: Product, alice: Caller, bound: Callable[..., Caller], refused: Any, method: str, path: str
) -> None:
    body: dict[str, Any] | None = {} if method == "POST" else None
    beyond = [made_by(alice), made_by(alice, products=["shop"]), made_by(alice, envs=["dev"])]
    beyond.append(made_by(alice, products=["shop"], envs=["dev", "prd"]))
    within = made_by(alice, products=["shop"], envs=["dev"])
    admin = bound(products=["shop"], envs=["dev"])

    for token in beyond:
        assert refused(admin._send(method, f"tokens/{token['id']}{path}", body)) == (404, "token_not_found")
    assert within["id"] in [row["id"] for row in admin.get("tokens").json()["data"]]
    assert len(admin.get("tokens").json()["data"]) == 2
    assert admin._send(method, f"tokens/{within['id']}{path}", body).status_code in {200, 201}
