from __future__ import annotations

import base64
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ductape import APIError, ConflictError, Ductape, PreconditionFailedError, ValidationError, sealing
from ductape.resources.overrides import Overrides
from ductape.types.config import ConfigOverrides
from ductape.types.entities import LocalSettings, ModelEnvInput
from ductape.types.fallbacks import Fallback
from tests.sdk.loopback import Server, error, hang_up, ok
from tests.sdk.samples import MODEL

MODELS = "/api/v1/products/shop/models"
GPT = f"{MODELS}/gpt"
SEALING_KEY = "/api/v1/products/shop/sealing-key"
CANARY = "sk-canary-0123456789-WXYZ"


class Product:
    """The server's side of sealing: the private halves of a product's keys."""

    def __init__(self) -> None:
        self.pairs = {"pk_1": X25519PrivateKey.generate(), "pk_2": X25519PrivateKey.generate()}

    def sealing_key(self, pk_id: str = "pk_1") -> dict[str, str]:
        public = self.pairs[pk_id].public_key().public_bytes_raw()
        return {
            "installation": "inst_1",
            "product_id": "p1",
            "pk_id": pk_id,
            "public_key": sealing.b64_encode(public),
            "fingerprint": sealing.fingerprint(public),
        }

    def open(self, text: str, *, provider: str = "openai", env: str = "dev", base_url: str | None = None) -> str:
        sealed = sealing.parse(text)
        info = sealing.provider_key_context("inst_1", "p1", sealed.pk_id, "gpt", env, provider, base_url)
        return sealing.open_sealed(sealed, self.pairs[sealed.pk_id], info).decode()


@pytest.fixture
def product(server: Server) -> Iterator[Product]:
    product = Product()
    server.on("GET", SEALING_KEY, ok(product.sealing_key()))
    server.on("GET", GPT, ok(MODEL))
    server.on("POST", MODELS, ok(MODEL, 201))
    server.on("PATCH", GPT, ok(MODEL))
    yield product
    spellings = [CANARY, CANARY[::-1], base64.b64encode(CANARY.encode()).decode(), CANARY.encode().hex()]
    sent = b"".join(request.body + repr(request).encode() for request in server.received)
    assert [spelling for spelling in spellings if spelling.encode() in sent] == []


def create(client: Ductape, *envs: Any, **more: Any) -> None:
    fields: dict[str, Any] = {"tag": "gpt", "name": "GPT", "provider": "openai", "model": "gpt-4-turbo", **more}
    client.model.create(envs=list(envs), **fields)


def sent_env(server: Server, method: str = "POST", path: str = MODELS) -> dict[str, Any]:
    env: dict[str, Any] = server.sent(method, path)[-1].json()["envs"][0]
    return env


@pytest.mark.parametrize("name", ["api_key", "apiKey"])
def test_the_key_is_sealed_to_the_product(server: Server, client: Ductape, product: Product, name: str) -> None:
    create(client, {"slug": "dev", name: CANARY, "active": True})
    env = sent_env(server)
    assert product.open(env.pop("sealed_api_key")) == CANARY
    assert env == {"slug": "dev", "active": True, "key_hint": "WXYZ"}


def test_the_seal_holds_for_its_destination_alone(server: Server, client: Ductape, product: Product) -> None:
    create(client, {"slug": "dev", "apiKey": CANARY, "baseUrl": "https://mine.example/v1"})
    sealed = sent_env(server)["sealed_api_key"]
    assert product.open(sealed, base_url="https://mine.example/v1") == CANARY
    for elsewhere in ({}, {"base_url": "https://theirs.example/v1"}, {"provider": "xai"}, {"env": "prd"}):
        with pytest.raises(InvalidTag):
            product.open(sealed, **{"base_url": "https://mine.example/v1", **elsewhere} if elsewhere else {})


def test_settings_are_sent_as_given_and_nothing_else(server: Server, client: Ductape, product: Product) -> None:
    create(client, {"slug": "dev"}, temperature=None, max_tokens=4096, stop_sequences=["END"], description="fast")
    assert server.received[0].json() == {
        "tag": "gpt",
        "name": "GPT",
        "description": "fast",
        "provider": "openai",
        "model": "gpt-4-turbo",
        "temperature": None,
        "max_tokens": 4096,
        "stop_sequences": ["END"],
        "envs": [{"slug": "dev"}],
    }
    assert [request.path for request in server.received] == [MODELS]


def test_option_names_of_the_original_paste_in(server: Server, client: Ductape, product: Product) -> None:
    create(client, {"slug": "dev", "apiKey": CANARY}, maxTokens=4096, topP=0.5, stopSequences=["END"])
    body = server.sent("POST", MODELS)[0].json()
    assert (body["max_tokens"], body["top_p"], body["stop_sequences"]) == (4096, 0.5, ["END"])


def test_every_setting_is_a_keyword() -> None:
    assert set(Overrides.__annotations__) == set(ConfigOverrides.model_fields)


def test_a_local_model_needs_no_key(server: Server, client: Ductape, product: Product) -> None:
    create(client, ModelEnvInput(slug="dev"), provider="local", local={"modelClass": "llm", "torch_dtype": "float32"})
    assert server.received[0].json()["local"] == {"model_class": "llm", "torch_dtype": "float32"}
    create(client, {"slug": "dev"}, provider="local", local=LocalSettings(backend="vllm"))
    assert server.received[1].json()["local"] == {"backend": "vllm"}


def test_the_sealing_key_is_fetched_once(server: Server, client: Ductape, product: Product) -> None:
    create(client, {"slug": "dev", "api_key": CANARY}, {"slug": "prd", "api_key": CANARY})
    create(client, {"slug": "dev", "api_key": CANARY})
    assert len(server.sent("GET", SEALING_KEY)) == 1
    dev, prd = server.sent("POST", MODELS)[0].json()["envs"]
    assert product.open(prd["sealed_api_key"], env="prd") == product.open(dev["sealed_api_key"]) == CANARY


def test_a_rotated_product_key_is_fetched_and_the_key_sealed_again(
    server: Server, client: Ductape, product: Product
) -> None:
    create(client, {"slug": "dev", "api_key": CANARY})
    server.answers.clear()
    server.on("POST", MODELS, error(409, "stale_product_key"), ok(MODEL, 201))
    server.on("GET", SEALING_KEY, ok(product.sealing_key("pk_2")))
    create(client, {"slug": "dev", "api_key": CANARY})
    assert sent_env(server)["sealed_api_key"].startswith("dseal1.pk_2.")
    assert product.open(sent_env(server)["sealed_api_key"]) == CANARY


def test_a_product_key_that_stays_stale_is_an_error(server: Server, client: Ductape, product: Product) -> None:
    server.answers.pop(("POST", MODELS))
    server.on("POST", MODELS, error(409, "stale_product_key"))
    with pytest.raises(ConflictError):
        create(client, {"slug": "dev", "api_key": CANARY})
    assert len(server.sent("POST", MODELS)) == 2


def test_a_taken_tag_is_not_tried_again(server: Server, client: Ductape, product: Product) -> None:
    server.answers.pop(("POST", MODELS))
    server.on("POST", MODELS, error(409, "already_exists"))
    with pytest.raises(ConflictError, match="already_exists"):
        create(client, {"slug": "dev", "api_key": CANARY})
    assert len(server.sent("POST", MODELS)) == 1


def test_a_new_key_is_sealed_to_what_is_stored(server: Server, client: Ductape, product: Product) -> None:
    client.model.update(tag="gpt", temperature=0.5, envs=[{"slug": "dev", "apiKey": CANARY}])
    env = sent_env(server, "PATCH", GPT)
    assert product.open(env.pop("sealed_api_key"), base_url="https://stored.example/v1") == CANARY
    assert env == {"slug": "dev", "key_hint": "WXYZ"}
    assert server.sent("PATCH", GPT)[0].json()["temperature"] == 0.5


def test_a_new_key_is_sealed_to_what_the_update_changes(server: Server, client: Ductape, product: Product) -> None:
    client.model.update(tag="gpt", provider="xai", envs=[{"slug": "dev", "api_key": CANARY, "base_url": None}])
    env = sent_env(server, "PATCH", GPT)
    assert env["base_url"] is None
    assert product.open(env["sealed_api_key"], provider="xai", base_url=None) == CANARY


def test_an_update_without_a_key_is_one_call(server: Server, client: Ductape, product: Product) -> None:
    client.model.update(tag="gpt", envs=[{"slug": "dev", "active": False}, {"slug": "stg", "remove": True}])
    assert [(request.method, request.path) for request in server.received] == [("PATCH", GPT)]
    assert server.received[0].json() == {"envs": [{"slug": "dev", "active": False}, {"slug": "stg", "remove": True}]}


def test_an_update_can_ask_for_the_version_that_it_changes(server: Server, client: Ductape, product: Product) -> None:
    server.answers.pop(("PATCH", GPT))
    server.on("PATCH", GPT, error(412, "version_mismatch"))
    with pytest.raises(PreconditionFailedError):
        client.model.update(tag="gpt", if_version=3, envs=[{"slug": "dev", "api_key": CANARY}])
    assert [request.headers["If-Match"] for request in server.sent("PATCH", GPT)] == ['"3"']


def test_a_creation_lost_on_the_way_is_sent_again_as_it_was(server: Server, client: Ductape, product: Product) -> None:
    server.answers.pop(("POST", MODELS))
    server.on("POST", MODELS, hang_up, ok(MODEL, 201))
    create(client, {"slug": "dev", "api_key": CANARY})
    first, again = server.sent("POST", MODELS)
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert first.body == again.body


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("", "is empty; is the variable that should hold it set"),
        (None, "is empty; is the variable that should hold it set"),
        (CANARY + "\n", "line break at its end"),
        ("sk ant " + CANARY, "white space"),
        ("****WXYZ", "looks like a mask"),
        ("x" * 50_000, "is longer than"),
    ],
)
def test_what_cannot_be_a_key_is_refused_before_anything_is_sent(
    server: Server, client: Ductape, product: Product, key: str | None, fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault) as refused:
        create(client, {"slug": "dev", "api_key": key})
    assert refused.value.param == "envs.0.api_key"
    assert server.received == []


@pytest.mark.parametrize(
    ("envs", "more", "param"),
    [
        ([{"slug": "dev", "api_key": CANARY, "colour": CANARY}], {}, "envs.0.colour"),
        ([{"slug": CANARY * 2, "api_key": CANARY}], {}, "envs.0.slug"),
        ([{"slug": "dev", "api_key": [CANARY]}], {}, "envs.0.api_key"),
        ([{"slug": "dev", "api_key": CANARY}], {"temperature": 3}, "temperature"),
        ([{"slug": "dev", "api_key": CANARY}], {"temprature": CANARY}, "temprature"),
        ([{"slug": "dev", "api_key": CANARY}], {"provider": CANARY}, "provider"),
        ([{"slug": "dev", "api_key": CANARY}] * 2, {}, "envs"),
        ([CANARY], {}, "envs.0"),
    ],
)
def test_a_refusal_shows_no_key(
    server: Server, client: Ductape, product: Product, envs: list[Any], more: dict[str, Any], param: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        create(client, *envs, **more)
    assert refused.value.param == param
    assert CANARY not in "".join(traceback.format_exception(refused.value))
    assert CANARY.encode() not in pickle.dumps(refused.value)
    assert refused.value.__context__ is None
    assert server.received == []


def test_a_malformed_sealing_key_sends_no_key(server: Server, client: Ductape, product: Product) -> None:
    server.answers.pop(("GET", SEALING_KEY))
    server.on("GET", SEALING_KEY, ok({**product.sealing_key(), "public_key": "AAAA"}))
    with pytest.raises(APIError, match="sealing key is malformed; the provider key was not sent") as refused:
        create(client, {"slug": "dev", "api_key": CANARY})
    sealing_frame = traceback.TracebackException.from_exception(refused.value, capture_locals=True).stack[-1]
    assert CANARY not in repr(sealing_frame.locals)
    assert refused.value.__context__ is None
    assert server.sent("POST", MODELS) == []


def test_fetch_all_can_be_of_a_provider_or_an_environment(server: Server, client: Ductape, product: Product) -> None:
    server.on("GET", f"{MODELS}?provider=openai&env=dev", ok({"data": [MODEL], "next_cursor": None}))
    assert len(client.model.fetch_all(provider="openai", env="dev")) == 1
    with pytest.raises(ValidationError):
        client.model.fetch_all(provider="nobody")


def test_fetch_fetch_all_and_delete(server: Server, client: Ductape, product: Product) -> None:
    server.on("GET", MODELS, ok({"data": [MODEL], "next_cursor": None}))
    server.on("DELETE", GPT, ok({"deleted": True, "tag": "gpt"}))
    assert client.model.fetch(tag="gpt").envs[0].api_key.hint == "abcd"
    assert [model.tag for model in client.models.list(product="shop")] == ["gpt"]
    assert client.model.delete(tag="gpt").deleted


def test_fallbacks_are_sent_as_they_were_given(server: Server, client: Ductape, product: Product) -> None:
    create(client, {"slug": "dev"}, fallback={"models": ["spare"]})
    client.model.update(tag="gpt", fallback=Fallback(models=["spare"], when=["timeout"]))
    client.model.update(tag="gpt", fallback=None)

    assert server.sent("POST", MODELS)[0].json()["fallback"] == {"models": ["spare"]}
    sent = [request.json() for request in server.sent("PATCH", GPT)]
    assert sent == [{"fallback": {"models": ["spare"], "when": ["timeout"]}}, {"fallback": None}]
