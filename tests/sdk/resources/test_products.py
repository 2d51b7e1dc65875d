from __future__ import annotations

from collections.abc import Callable

import pytest

from ductape import ConflictError, Ductape, ValidationError
from ductape.types.entities import EnvironmentInput
from tests.sdk.loopback import Server, error, ok
from tests.sdk.samples import ENVIRONMENT, PRODUCT

PRODUCTS = "/api/v1/products"
SHOP = f"{PRODUCTS}/shop"


def test_create_sends_only_what_is_given(server: Server, client: Ductape) -> None:
    server.on("POST", PRODUCTS, ok(PRODUCT, 201))
    product = client.product.create(name="Shop")
    assert server.received[0].json() == {"name": "Shop"}
    assert (product.tag, product.envs[0].slug) == ("shop", "dev")


def test_create_takes_environments_as_dictionaries_and_as_types(server: Server, client: Ductape) -> None:
    server.on("POST", PRODUCTS, ok(PRODUCT, 201))
    production = EnvironmentInput(slug="prd", active=False)
    client.product.create(name="Shop", tag="shop", envs=[{"slug": "dev", "name": "Development"}, production])
    assert server.received[0].json() == {
        "name": "Shop",
        "tag": "shop",
        "envs": [{"slug": "dev", "name": "Development"}, {"slug": "prd", "active": False}],
    }


@pytest.mark.parametrize(
    ("call", "param"),
    [
        (lambda products: products.create(name=""), "name"),
        (lambda products: products.create(name="Shop", tag="My Shop"), "tag"),
        (lambda products: products.create(name="Shop", envs=[{"slug": "d"}]), "envs.0.slug"),
        (lambda products: products.create(name="Shop", envs=[{"slug": "dev", "colour": 1}]), "envs.0.colour"),
        (lambda products: products.update(tag="shop", name=5), "name"),
        (lambda products: products.environments.create(slug="dev", active="yes"), "active"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(
    server: Server, client: Ductape, call: Callable[[object], object], param: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        call(client.product)
    assert refused.value.param == param
    assert server.received == []


def test_fetch_all_reads_every_page(server: Server, client: Ductape) -> None:
    server.on("GET", PRODUCTS, ok({"data": [PRODUCT, PRODUCT], "next_cursor": "a&b="}))
    server.on("GET", f"{PRODUCTS}?cursor=a%26b%3D", ok({"data": [PRODUCT], "next_cursor": None}))
    assert [product.tag for product in client.product.fetch_all()] == ["shop"] * 3
    assert len(client.products.list()) == 3


def test_update_tells_null_from_nothing(server: Server, client: Ductape) -> None:
    server.on("PATCH", SHOP, ok(PRODUCT))
    client.product.update(tag="shop", description="")
    assert server.received[0].json() == {"description": ""}


def test_delete_says_what_was_deleted(server: Server, client: Ductape) -> None:
    server.on("DELETE", SHOP, ok({"deleted": True, "tag": "shop"}))
    assert client.product.delete(tag="shop").deleted


def test_delete_says_what_went_with_it_when_forced(server: Server, client: Ductape) -> None:
    gone = {"deleted": True, "tag": "shop", "contents": {"models": 2, "agents": 1, "runs": 9}}
    server.on("DELETE", f"{SHOP}?force=true", ok(gone))
    assert client.product.delete(tag="shop", force=True).contents["runs"] == 9


def test_a_taken_tag_is_a_conflict(server: Server, client: Ductape) -> None:
    server.on("POST", PRODUCTS, error(409, "already_exists"))
    with pytest.raises(ConflictError, match="already_exists"):
        client.product.create(name="Shop", tag="shop")


def test_environments_have_the_same_verbs(server: Server, client: Ductape) -> None:
    server.on("POST", f"{SHOP}/envs", ok(ENVIRONMENT, 201))
    server.on("GET", f"{SHOP}/envs", ok({"data": [ENVIRONMENT], "next_cursor": None}))
    server.on("GET", f"{SHOP}/envs/dev", ok(ENVIRONMENT))
    server.on("PATCH", f"{SHOP}/envs/dev", ok(ENVIRONMENT))
    server.on("DELETE", f"{SHOP}/envs/dev", ok({"deleted": True, "tag": "dev"}))
    environments = client.product.environment
    assert environments == client.products.environments
    assert environments.create(slug="dev", description="mine").slug == "dev"
    assert environments.fetch(slug="dev", product="shop").active
    assert [env.slug for env in environments.fetch_all()] == ["dev"]
    assert environments.update(slug="dev", active=False).slug == "dev"
    assert environments.delete(slug="dev").deleted
    assert [request.json() for request in server.received if request.body] == [
        {"slug": "dev", "description": "mine"},
        {"active": False},
    ]
