"""What lies beyond a token's products and environments is not there; what they share cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.products.models import Product
from control_plane.workspaces.models import Scope
from tests.control_plane.operations import Operation, operations

NOBODY = "00000000-0000-7000-8000-000000000000"
IDS = {"token": NOBODY, "member": NOBODY}
SHOP = {"product": "shop", "slug": "dev", "model": "smol", "agent": "helper", "tag": "smol", "number": "1", **IDS}
INSIDE = [operation for operation in operations() if "<product>" in operation.route]
CHANGES = [operation for operation in operations() if operation.changes]
LOCAL = {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "envs": [{"slug": "dev"}, {"slug": "prd"}]}

# By binding: the changes that keep to what a token is bound to. All others are refused.
IN_PRODUCTS = {str(operation) for operation in CHANGES if operation in INSIDE} | {
    "POST tokens",
    "DELETE tokens/<token>",
    "POST tokens/<token>/rotate",
}
IN_ENVS = {
    "PATCH products/<product>/envs/<slug>",
    "PATCH products/<product>/models/<model>",
    "POST tokens",
    "DELETE tokens/<token>",
    "POST tokens/<token>/rotate",
}


@pytest.fixture
def smol(shop: Product, alice: Any) -> None:
    """In alice's shop: the model `smol` and the agent `helper`, both in dev and prd."""
    assert alice.post("products/shop/models", LOCAL).status_code == 201
    agent = {"tag": "helper", "model": "smol", "envs": [{"slug": "dev"}, {"slug": "prd"}]}
    assert alice.put("products/shop/agents/helper", agent).status_code == 200


def send(caller: Any, operation: Operation) -> Any:
    body = {"colour": "red"} if operation.method != "DELETE" else None
    return caller._send(operation.method, operation.path(SHOP), body)


@pytest.mark.parametrize("operation", INSIDE, ids=str)
def test_a_product_beyond_the_binding_is_one_that_does_not_exist(
    smol: None, alice: Any, bound: Callable[..., Any], refused: Any, operation: Operation
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "POST products/<product>/envs": {"slug": "qa"},
        "POST products/<product>/models": LOCAL,
        "PUT products/<product>/agents/<agent>": {"tag": "helper", "model": "smol"},
        "POST products/<product>/models/<model>/rollback": {"to": 1},
        "POST products/<product>/models/<model>/envs/<slug>/keys": {"sealed_api_key": "dseal1.pk_1.x"},
        "POST products/<product>/agents/<agent>/rollback": {"to": 1},
        "POST products/<product>/models/<model>/resolve": {"env": "dev"},
        "POST products/<product>/agents/<agent>/resolve": {"env": "dev"},
        "POST products/<product>/promote": {"from_env": "dev", "to_env": "prd"},
    }
    body = bodies.get(str(operation), {}) if operation.method != "GET" else None

    query = "?env=dev" if operation.route.endswith("readiness") else ""
    answer = bound(products=["other"])._send(operation.method, operation.path(SHOP) + query, body)

    assert refused(answer) == (404, "product_not_found")
    assert alice.get("products/shop/agents/helper").json()["version"] == 1


@pytest.mark.parametrize("operation", CHANGES, ids=str)
def test_a_token_bound_to_products_changes_nothing_outside_them(
    smol: None, bound: Callable[..., Any], operation: Operation
) -> None:
    beyond = refused_as_beyond(send(bound(products=["other"]), operation))
    assert beyond == (str(operation) not in IN_PRODUCTS)


@pytest.mark.parametrize("operation", CHANGES, ids=str)
def test_a_token_bound_to_environments_changes_nothing_that_they_share(
    smol: None, bound: Callable[..., Any], operation: Operation
) -> None:
    beyond = refused_as_beyond(send(bound(envs=["prd"]), operation))
    assert beyond == (str(operation) not in IN_ENVS)


def refused_as_beyond(answer: Any) -> bool:
    return bool(answer.status_code == 403 and answer.json()["error"]["code"] == "beyond_binding")


def test_lists_and_pages_show_what_is_within_the_binding(smol: None, alice: Any, bound: Callable[..., Any]) -> None:
    alice.post("products", {"name": "Other", "envs": [{"slug": "dev"}]})
    in_shop, in_dev = bound(products=["shop"]), bound(envs=["dev"])

    assert [row["tag"] for row in in_shop.get("products").json()["data"]] == ["shop"]
    assert [row["tag"] for row in in_dev.get("products").json()["data"]] == ["other", "shop"]
    for path in ("products/shop", "products/shop/models/smol", "products/shop/agents/helper"):
        assert [env["slug"] for env in in_dev.get(path).json()["envs"]] == ["dev"]
        assert [env["slug"] for env in in_shop.get(path).json()["envs"]] == ["dev", "prd"]
    assert [env["slug"] for env in in_dev.get("products/shop/envs").json()["data"]] == ["dev"]


def test_another_environment_is_one_that_does_not_exist(smol: None, bound: Callable[..., Any], refused: Any) -> None:
    in_dev = bound(envs=["dev"])

    assert refused(in_dev.get("products/shop/envs/prd")) == (404, "env_not_found")
    assert refused(in_dev.patch("products/shop/envs/prd", {"active": False})) == (404, "env_not_found")
    changed = in_dev.patch("products/shop/models/smol", {"envs": [{"slug": "prd", "active": False}]})
    unknown = in_dev.patch("products/shop/models/smol", {"envs": [{"slug": "qa", "active": False}]})
    assert refused(changed) == refused(unknown) == (422, "unknown_env")
    assert changed.json()["error"]["message"] == "envs: no environment 'prd'; there are: dev"


def test_a_token_bound_to_an_environment_changes_that_one(smol: None, alice: Any, bound: Callable[..., Any]) -> None:
    in_dev = bound(Scope.READ, Scope.WRITE, envs=["dev"])

    assert in_dev.patch("products/shop/models/smol", {"envs": [{"slug": "dev", "active": False}]}).status_code == 200
    assert in_dev.patch("products/shop/envs/dev", {"description": "mine"}).status_code == 200

    model = alice.get("products/shop/models/smol").json()
    assert [(env["slug"], env["active"]) for env in model["envs"]] == [("dev", False), ("prd", True)]


@pytest.mark.parametrize("change", [{"provider": "openai"}, {"model": "x"}, {"temperature": 1}, {"name": "X"}], ids=str)
def test_what_a_models_environments_share_needs_an_unbound_token(
    smol: None, alice: Any, bound: Callable[..., Any], refused: Any, change: dict[str, Any]
) -> None:
    before = alice.get("products/shop/models/smol").json()
    answer = bound(envs=["dev"]).patch("products/shop/models/smol", {**change, "envs": [{"slug": "dev"}]})

    assert refused(answer) == (403, "beyond_binding")
    assert alice.get("products/shop/models/smol").json() == before


def test_history_resolving_and_readiness_keep_to_the_environments(
    smol: None, bound: Callable[..., Any], refused: Any
) -> None:
    in_dev = bound(Scope.READ, envs=["dev"])

    for row in ("models/smol", "agents/helper"):
        url = f"products/shop/{row}"
        assert list(in_dev.get(f"{url}/versions/1").json()["content"]["envs"]) == ["dev"]
        assert [list(each["content"]["envs"]) for each in in_dev.get(f"{url}/versions").json()["data"]] == [["dev"]]
        assert in_dev.post(f"{url}/resolve", {"env": "dev"}).json()["env"] == "dev"
        assert refused(in_dev.post(f"{url}/resolve", {"env": "prd"})) == (404, "env_not_found")
    assert in_dev.get("products/shop/readiness?env=dev").status_code == 200
    assert refused(in_dev.get("products/shop/readiness?env=prd")) == (404, "env_not_found")


def test_a_diff_leaves_out_what_changed_elsewhere(smol: None, alice: Any, bound: Callable[..., Any]) -> None:
    alice.patch("products/shop/models/smol", {"envs": [{"slug": "prd", "active": False}]})

    paths = [
        [change["path"] for change in caller.get("products/shop/models/smol/diff").json()["changes"]]
        for caller in (alice, bound(envs=["dev"]))
    ]
    assert paths == [["envs.prd.active"], []]


def test_both_bindings_hold_together(smol: None, alice: Any, bound: Callable[..., Any]) -> None:
    alice.post("products", {"name": "Other", "envs": [{"slug": "dev"}]})
    caller = bound(products=["shop"], envs=["prd"])

    assert [row["tag"] for row in caller.get("products").json()["data"]] == ["shop"]
    assert caller.get("products/other").status_code == 404
    assert caller.get("products/shop/envs/dev").status_code == 404
    assert caller.get("products/shop/envs/prd").status_code == 200
