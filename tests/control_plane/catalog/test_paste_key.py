"""An operator pastes a key into the admin."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from control_plane.audit.models import Entry
from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.products.models import Product
from control_plane.runs.preparing import destination, prepare
from control_plane.vault.fields import SealedField
from ductape.types.runs import RunCreate

PASTED = "pasted-canary-0123456789-zzzz"


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.fixture
def dev(gpt: Any, shop: Product) -> ModelEnv:
    return ModelEnv.objects.get(model__tag="gpt", environment__slug="dev")


def page(env: ModelEnv) -> str:
    return f"/admin/catalog/modelenv/{env.pk}/key/"


def test_a_pasted_key_is_sealed_and_used(
    operator: Client, dev: ModelEnv, settings: Any, key_files: Path, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    assert f'href="{page(dev)}"' in operator.get(f"/admin/catalog/modelenv/{dev.pk}/change/").content.decode()

    answer = operator.post(page(dev), {"api_key": PASTED}, follow=True)

    assert "sealed and is used from now on" in answer.content.decode()
    stored = ProviderKey.objects.get(model_env=dev, state="active")
    assert (stored.version, stored.hint) == (2, "zzzz")
    settings.KEYS_DIR = key_files / "runner"
    key = destination(prepare(RunCreate(product="shop", env="dev", model="gpt", input="Hi"))).key
    assert key is not None
    assert key.get_secret_value() == PASTED
    kept = [answer.content.decode(), caplog.text, *Entry.objects.values_list("details", flat=True), stored.sealed]
    assert not any(PASTED in text for text in kept)


def test_who_pasted_it_is_written_down_and_kept_with_the_version(operator: Client, dev: ModelEnv) -> None:
    operator.post(page(dev), {"api_key": PASTED})

    entry = Entry.objects.filter(action="key.set").latest("id")
    assert (entry.actor_kind, entry.actor_name, entry.tag, entry.env) == ("user", "operator", "gpt", "dev")
    version = dev.model.versions.latest("number")
    assert (version.author, version.message) == ("operator", "key replaced in the admin")


@pytest.mark.parametrize(
    ("given", "said"), [("", "This field is required"), ("two words", "white space"), ("sk-***masked***", "mask")]
)
def test_what_cannot_be_a_key_is_said_and_not_shown(operator: Client, dev: ModelEnv, given: str, said: str) -> None:
    answer = operator.post(page(dev), {"api_key": given}).content.decode()
    assert said in answer
    assert not given or given not in answer
    assert ProviderKey.objects.filter(model_env=dev).count() == 1


def test_a_local_model_takes_none(operator: Client, alice: Any, shop: Product) -> None:
    local = {"tag": "smol", "name": "S", "provider": "local", "model": "a/b", "envs": [{"slug": "dev"}]}
    assert alice.post("products/shop/models", local).status_code == 201
    env = ModelEnv.objects.get(model__tag="smol")
    assert "a local model has neither" in operator.post(page(env), {"api_key": PASTED}).content.decode()


def test_nobody_but_an_operator_gets_there(dev: ModelEnv) -> None:
    client = Client()
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.post(page(dev), {"api_key": PASTED}).status_code == 302
    assert ProviderKey.objects.filter(model_env=dev).count() == 1


def test_no_page_has_a_secret_column(operator: Client, dev: ModelEnv) -> None:
    shown = operator.get(f"/admin/catalog/providerkey/{dev.keys.get().pk}/change/").content.decode()
    assert "drest1" not in shown
    assert isinstance(ProviderKey._meta.get_field("sealed"), SealedField)
