from __future__ import annotations

from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from control_plane.idempotency.models import KeptAnswer
from control_plane.products.models import Environment, Product
from control_plane.workspaces.models import Scope
from control_plane.workspaces.services import issue_token

KEY = {"Idempotency-Key": "one"}
SMOL = {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "envs": []}

CREATIONS = [
    ("post", "products", {"name": "Shop 2"}),
    ("post", "products/shop/envs", {"slug": "qa"}),
    ("post", "products/shop/models", SMOL),
    ("put", "products/shop/agents/helper", {"tag": "helper", "model": "smol"}),
]


@pytest.mark.parametrize(("method", "path", "body"), CREATIONS, ids=lambda value: str(value)[:40])
def test_what_is_sent_again_is_answered_again_and_done_once(
    shop: Product, alice: Any, method: str, path: str, body: dict[str, Any]
) -> None:
    first, again = (getattr(alice, method)(path, body, **KEY) for _ in range(2))

    assert first.status_code in {200, 201}
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers.get("ETag") == first.headers.get("ETag")


def test_the_order_and_the_spelling_of_the_body_do_not_matter(shop: Product, alice: Any) -> None:
    first = alice.post("products/shop/envs", {"slug": "qa", "active": False}, **KEY)

    assert alice.post("products/shop/envs", {"active": False, "slug": "qa"}, **KEY).json() == first.json()


@pytest.mark.parametrize(
    ("path", "body"), [("products/shop/envs", {"slug": "other"}), ("products", {"slug": "qa"})], ids=["body", "path"]
)
def test_a_key_is_for_one_request(shop: Product, alice: Any, refused: Any, path: str, body: dict[str, str]) -> None:
    alice.post("products/shop/envs", {"slug": "qa"}, **KEY)

    assert refused(alice.post(path, body, **KEY)) == (409, "idempotency_mismatch")
    assert Environment.objects.filter(slug="other").count() == 0


def test_without_a_key_a_second_time_is_a_second_time(shop: Product, alice: Any, refused: Any) -> None:
    alice.post("products/shop/envs", {"slug": "qa"})

    assert refused(alice.post("products/shop/envs", {"slug": "qa"})) == (409, "already_exists")


def test_the_answer_stays_what_it_was(shop: Product, alice: Any) -> None:
    first = alice.post("products/shop/models", SMOL, **KEY).json()
    alice.patch("products/shop/models/smol", {"name": "Changed"})

    assert alice.post("products/shop/models", SMOL, **KEY).json() == first


def test_a_refusal_leaves_the_key_free(shop: Product, alice: Any, refused: Any) -> None:
    envs = [{"slug": "nope"}]

    assert refused(alice.post("products/shop/models", {**SMOL, "envs": envs}, **KEY)) == (422, "unknown_env")
    assert alice.post("products/shop/models", SMOL, **KEY).status_code == 201
    assert KeptAnswer.objects.count() == 1


def test_the_same_key_of_another_workspace_is_another_key(shop: Product, alice: Any, mallory: Any) -> None:
    first = alice.post("products", {"name": "Mine"}, **KEY).json()
    other = mallory.post("products", {"name": "Mine"}, **KEY)

    assert other.status_code == 201
    assert other.json()["id"] != first["id"]


def test_another_token_of_the_workspace_is_not_shown_the_answer(shop: Product, alice: Any, refused: Any) -> None:
    alice.post("products/shop/envs", {"slug": "qa"}, **KEY)
    carol = type(alice)(issue_token(workspace=alice.workspace, name="carol", scopes=[Scope.WRITE]), alice.workspace)

    assert refused(carol.post("products/shop/envs", {"slug": "qa"}, **KEY)) == (409, "already_exists")


def test_a_reader_with_a_key_is_still_a_reader(shop: Product, bob: Any, refused: Any) -> None:
    assert refused(bob.post("products", {"name": "Bob's"}, **KEY)) == (403, "missing_scope")


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ä"])
def test_what_cannot_be_a_key_is_refused(shop: Product, alice: Any, refused: Any, key: str) -> None:
    answer = alice.post("products", {"name": "New"}, **{"Idempotency-Key": key})

    assert refused(answer) == (422, "invalid_argument")
    assert answer.json()["error"]["param"] == "Idempotency-Key"


def test_a_sealed_key_is_not_kept(shop: Product, alice: Any) -> None:
    from ductape import sealing
    from ductape.types.entities import SealingKey

    key = SealingKey.model_validate(alice.get("products/shop/sealing-key").json())
    sealed = sealing.seal(key, "sk-0123456789", tag="gpt", env="dev", provider="openai", base_url=None)
    body = {"tag": "gpt", "name": "G", "provider": "openai", "model": "m"}
    alice.post("products/shop/models", {**body, "envs": [{"slug": "dev", "sealed_api_key": sealed}]}, **KEY)

    assert "dseal1" not in repr(KeptAnswer.objects.values_list())


def test_every_creation_of_the_api_can_be_repeated() -> None:
    def handlers(resolver: URLResolver) -> list[Any]:
        found: list[Any] = []
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                found += handlers(pattern)
            elif isinstance(pattern, URLPattern) and str(resolver.pattern) == "api/v1/":
                view = getattr(pattern.callback, "view_class", None)
                found += [handler for name in ("post", "put") if (handler := getattr(view, name, None))]
        return found

    found = handlers(get_resolver())
    assert len(found) >= len(CREATIONS)
    once_or_more = {handler.__qualname__ for handler in found if not handler.operation.repeatable}
    changes_nothing = {"AgentResolve.post", "ModelResolve.post"}
    answers_with_a_secret = {"TokenList.post", "TokenRotation.post"}
    assert once_or_more == changes_nothing | answers_with_a_secret
