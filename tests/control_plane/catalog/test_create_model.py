from __future__ import annotations

from typing import Any

import pytest

from control_plane.catalog.models import ProviderKey
from control_plane.products.models import Product

MODEL = {"tag": "m", "name": "M", "provider": "openai", "model": "gpt-5", "envs": [{"slug": "dev"}]}


def test_a_key_is_shown_as_set_with_hint_and_version_and_nothing_more(gpt: dict[str, Any], alice: Any) -> None:
    key = gpt["envs"][0]["api_key"]

    assert set(key) == {"set", "hint", "version", "created_at", "last_used_at"}
    assert (key["set"], key["hint"], key["version"], key["last_used_at"]) == (True, "aaaa", 1, None)
    assert "dseal1" not in alice.get("products/shop/models/gpt").content.decode()
    assert "drest1" not in alice.get("products/shop/models").content.decode()


def test_the_column_holds_the_stored_format(gpt: dict[str, Any]) -> None:
    assert {key.sealed[:10] for key in ProviderKey.objects.all()} == {"drest1.a1."}


def test_unset_and_null_settings_stay_apart(shop: Product, alice: Any) -> None:
    made = alice.post("products/shop/models", {**MODEL, "temperature": None, "topP": 0.5}).json()

    assert made["settings"] == {"temperature": None, "top_p": 0.5}


def test_a_local_model_gets_its_local_settings(shop: Product, alice: Any) -> None:
    made = alice.post(
        "products/shop/models", {**MODEL, "provider": "local", "model": "org/name", "local": {"torchDtype": "float32"}}
    ).json()

    assert made["local"]["torch_dtype"] == "float32"
    assert made["local"]["backend"] == "huggingface"


def test_a_taken_tag_is_a_conflict(gpt: dict[str, Any], alice: Any, refused: Any) -> None:
    assert refused(alice.post("products/shop/models", {**MODEL, "tag": "gpt"})) == (409, "already_exists")


@pytest.mark.parametrize(
    "where", [{"apiKey": "sk-canary"}, {"api_key": "sk-canary"}, {"envs": [{"slug": "dev", "apiKey": "sk-canary"}]}]
)
def test_a_key_in_clear_is_refused_and_not_repeated(
    shop: Product, alice: Any, refused: Any, where: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    answer = alice.post("products/shop/models", {**MODEL, **where})

    assert refused(answer) == (422, "plaintext_secret_refused")
    assert "canary" not in answer.content.decode() + caplog.text


@pytest.mark.parametrize("text", ["sk-canary-000", "****canary", "dseal1.x.short", "drest1.a1.canary", "canary\n"])
def test_what_is_not_sealed_is_refused_and_not_repeated(shop: Product, alice: Any, refused: Any, text: str) -> None:
    answer = alice.post("products/shop/models", {**MODEL, "envs": [{"slug": "dev", "sealed_api_key": text}]})

    assert refused(answer) == (422, "plaintext_secret_refused")
    assert "canary" not in answer.content.decode()
    assert alice.get("products/shop/models").json()["data"] == []


def test_a_seal_to_another_product_is_stale_and_may_be_retried(
    shop: Product, alice: Any, refused: Any, seal: Any
) -> None:
    alice.post("products", {"name": "Other"})
    answer = alice.post("products/other/models", {**MODEL, "tag": "gpt", "envs": [seal("some-key-0123456789")]})

    assert refused(answer) == (409, "stale_product_key")
    assert answer.json()["error"]["retryable"] is True


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"provider": "nobody"}, "invalid_argument", "provider"),
        ({"temperature": 2.1}, "invalid_argument", "temperature"),
        ({"top_p": -0.1}, "invalid_argument", "top_p"),
        ({"max_tokens": 0}, "invalid_argument", "max_tokens"),
        ({"max_tokens": True}, "invalid_argument", "max_tokens"),
        ({"timeout": "30s"}, "invalid_argument", "timeout"),
        ({"temperatur": 1}, "unknown_argument", "temperatur"),
        ({"envs": [{"slug": "qa"}]}, "unknown_env", "envs"),
        ({"envs": [{"slug": "dev"}, {"slug": "dev"}]}, "invalid_argument", "envs"),
        ({"envs": None}, "invalid_argument", "envs"),
        ({"provider": "custom"}, "invalid_argument", "envs"),
        ({"local": {}}, "invalid_argument", None),
        ({"provider": "local", "envs": [{"slug": "dev", "base_url": "http://h"}]}, "invalid_argument", "envs"),
    ],
    ids=lambda value: str(value)[:48],
)
def test_a_wrong_argument_is_named_and_nothing_is_stored(
    shop: Product, alice: Any, refused: Any, change: dict[str, object], code: str, param: str | None
) -> None:
    answer = alice.post("products/shop/models", {**MODEL, **change})

    assert refused(answer) == (422, code)
    assert answer.json()["error"]["param"] == param
    assert alice.get("products/shop/models").json()["data"] == []


@pytest.mark.parametrize(
    "url",
    ["ftp://h", "h", "http://", "https://user:pw@h", "http://h?key=1", "http://h#x", "http://h:99999", "http://h\n"],
)
def test_a_base_url_that_cannot_be_one_is_refused_and_not_repeated(
    shop: Product, alice: Any, refused: Any, url: str
) -> None:
    body = {**MODEL, "provider": "custom", "envs": [{"slug": "dev", "base_url": url}]}
    answer = alice.post("products/shop/models", body)

    assert refused(answer) == (422, "invalid_argument")
    assert "pw" not in answer.json()["error"]["message"]
