from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ductape import APIError, ConfigurationError, Ductape, sealing
from tests.sdk.loopback import Server, error, ok
from tests.sdk.samples import ACCESS_KEY, MODEL

KEY = "/api/v1/products/shop/sealing-key"
MODELS = "/api/v1/products/shop/models"
CANARY = "canary-0123456789-wxyz"
PUBLIC = {pk_id: X25519PrivateKey.generate().public_key().public_bytes_raw() for pk_id in ("pk_1", "pk_2")}


def sealing_key(pk_id: str, **change: Any) -> dict[str, Any]:
    public = PUBLIC[pk_id]
    fields = {"public_key": sealing.b64_encode(public), "fingerprint": sealing.fingerprint(public)}
    return {"installation": "ins", "product_id": "p1", "pk_id": pk_id, **fields, **change}


@pytest.fixture
def pinned(server: Server) -> Iterator[Ductape]:
    pin = sealing.fingerprint(PUBLIC["pk_1"]).upper() + " "
    with Ductape(access_key=ACCESS_KEY, base_url=server.url, product="shop", product_key_fingerprint=pin) as client:
        yield client


def create(client: Ductape) -> None:
    envs = [{"slug": "dev", "api_key": CANARY}]
    client.model.create(tag="gpt", name="GPT", provider="openai", model="gpt-5", envs=envs)


def test_the_pinned_key_is_sealed_to(server: Server, pinned: Ductape) -> None:
    server.on("GET", KEY, ok(sealing_key("pk_1")))
    server.on("POST", MODELS, ok(MODEL, 201))
    create(pinned)
    assert len(server.sent("POST", MODELS)) == 1


def test_another_key_is_refused_before_anything_is_sealed(server: Server, pinned: Ductape) -> None:
    # A server that lies about the fingerprint gains nothing: it is taken of the key.
    server.on("GET", KEY, ok(sealing_key("pk_2", fingerprint=sealing.fingerprint(PUBLIC["pk_1"]))))
    with pytest.raises(ConfigurationError, match="is not the pinned one, nothing was sealed") as refused:
        create(pinned)
    assert (refused.value.code, refused.value.param) == ("fingerprint_mismatch", "product_key_fingerprint")
    assert server.sent("POST", MODELS) == []


def test_a_rotated_key_is_held_against_the_pin_again(server: Server, pinned: Ductape) -> None:
    server.on("GET", KEY, ok(sealing_key("pk_1")), ok(sealing_key("pk_2")))
    server.on("POST", MODELS, error(409, "stale_product_key"))
    with pytest.raises(ConfigurationError, match="not the pinned one"):
        create(pinned)
    assert len(server.sent("POST", MODELS)) == 1


def test_a_malformed_key_is_not_the_pinned_one(server: Server, pinned: Ductape) -> None:
    server.on("GET", KEY, ok(sealing_key("pk_1", public_key="no base64")))
    with pytest.raises(APIError, match="sealing key is malformed"):
        create(pinned)


def test_the_pin_may_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUCTAPE_PRODUCT_KEY_FINGERPRINT", sealing.fingerprint(PUBLIC["pk_1"]))
    server.on("GET", KEY, ok(sealing_key("pk_2")))
    with Ductape(access_key=ACCESS_KEY, base_url=server.url, product="shop") as client:
        with pytest.raises(ConfigurationError):
            client.model.key_to_seal_to()
        assert client.product.sealing_key().pk_id == "pk_2"


def test_rotating_asks_once_and_shows_the_new_key(server: Server, client: Ductape) -> None:
    url = "/api/v1/products/shop/rotate-sealing-key"
    server.on("POST", url, ok(sealing_key("pk_2"), 201))
    assert client.product.rotate_sealing_key(tag="shop", grace_minutes=0).pk_id == "pk_2"
    [sent] = server.sent("POST", url)
    assert sent.json() == {"grace_minutes": 0}
    assert "Idempotency-Key" in sent.headers
