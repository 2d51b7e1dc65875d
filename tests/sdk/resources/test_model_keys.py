from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ductape import ConflictError, Ductape, ServerError, ValidationError, sealing
from tests.sdk.loopback import Server, error, ok
from tests.sdk.samples import MODEL, NOW

GPT = "/api/v1/products/shop/models/gpt"
KEYS = f"{GPT}/envs/dev/keys"
VERIFY = "/v1/models/verify-key"
CANARY = "sk-canary-0123456789-WXYZ"
PRIVATE = X25519PrivateKey.generate()


def version(number: int, state: str) -> dict[str, Any]:
    times = {"created_at": NOW, "last_used_at": None, "overlap_until": None}
    return {"version": number, "state": state, "hint": "WXYZ", **times}


@pytest.fixture(autouse=True)
def product(server: Server) -> None:
    public = PRIVATE.public_key().public_bytes_raw()
    key = {"installation": "i", "product_id": "p", "pk_id": "pk_1", "public_key": sealing.b64_encode(public)}
    server.on("GET", "/api/v1/products/shop/sealing-key", ok({**key, "fingerprint": sealing.fingerprint(public)}))
    server.on("GET", GPT, ok(MODEL))
    server.on("POST", KEYS, ok(version(2, "pending"), 201))
    server.on("POST", VERIFY, ok(version(2, "active")))


def test_the_key_is_sealed_for_where_it_goes_then_verified(server: Server, client: Ductape) -> None:
    rotated = client.model.rotate_key(tag="gpt", env="dev", api_key=CANARY, overlap="2h")

    assert (rotated.version, rotated.state) == (2, "active")
    [given] = server.sent("POST", KEYS)
    body = given.json()
    url = MODEL["envs"][0]["base_url"]
    info = sealing.provider_key_context("i", "p", "pk_1", "gpt", "dev", "openai", url)
    assert sealing.open_sealed(sealing.parse(body.pop("sealed_api_key")), PRIVATE, info).decode() == CANARY
    assert body == {"key_hint": "WXYZ", "overlap": "2h"}
    assert given.headers["Idempotency-Key"]
    [verified] = server.sent("POST", VERIFY)
    assert verified.json() == {"product": "shop", "model": "gpt", "env": "dev", "version": 2}
    assert CANARY.encode() not in b"".join(request.body for request in server.received)


def test_what_went_stale_is_sealed_again(server: Server, client: Ductape) -> None:
    server.answers["POST", KEYS].insert(0, error(409, "stale_product_key"))
    assert client.model.rotate_key(tag="gpt", env="dev", api_key=CANARY).state == "active"
    assert len(server.sent("POST", KEYS)) == 2


def test_a_verification_without_an_answer_is_asked_for_again(server: Server, client: Ductape) -> None:
    server.answers["POST", VERIFY].insert(0, error(503, "key_unverified", retryable=True))
    assert client.model.rotate_key(tag="gpt", env="dev", api_key=CANARY).state == "active"
    assert len(server.sent("POST", KEYS)) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(422, "key_rejected"), ValidationError),
        (error(409, "key_not_pending"), ConflictError),
        (error(503, "key_unverified", retryable=True), ServerError),
    ],
)
def test_what_came_of_it_is_typed(server: Server, client: Ductape, answer: Any, kind: type[Exception]) -> None:
    server.answers["POST", VERIFY] = [answer]
    with pytest.raises(kind):
        client.model.rotate_key(tag="gpt", env="dev", api_key=CANARY)


@pytest.mark.parametrize(
    "arguments",
    [{"api_key": ""}, {"api_key": "***"}, {"api_key": CANARY, "overlap": "8d"}, {"api_key": CANARY, "overlap": "day"}],
    ids=str,
)
def test_nothing_is_sent_that_cannot_be_meant(server: Server, client: Ductape, arguments: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        client.model.rotate_key(tag="gpt", env="dev", **arguments)
    assert "canary" not in str(refused.value)
    assert server.received == []


def test_the_environment_of_a_test_is_the_clients_unless_given(server: Server, client: Ductape) -> None:
    tested = {"ok": False, "latency_ms": 3.5, "key_version": 1, "code": "rate_limit", "message": "later"}
    server.on("POST", "/v1/models/test", ok(tested))

    assert client.model.test(tag="gpt").code == "rate_limit"
    client.model.test(tag="gpt", env="prd", key_version=3)

    bodies = [request.json() for request in server.sent("POST", "/v1/models/test")]
    assert [(body["env"], body["key_version"]) for body in bodies] == [("dev", None), ("prd", 3)]
