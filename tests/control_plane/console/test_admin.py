from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

OURS = [model for model in apps.get_models() if model.__module__.startswith("control_plane.")]


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def test_every_entity_is_registered() -> None:
    assert [model._meta.label for model in OURS if not admin.site.is_registered(model)] == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_list_and_page_opens_and_shows_no_key(operator: Client, alice: Any, shop: Any, model: Any) -> None:
    alice.post("products/shop/models", {"tag": "m", "name": "M", "provider": "local", "model": "a/b", "envs": []})
    alice.post("members", {"user": "carol", "role": "viewer"})
    alice.post("tokens", {"name": "carol's", "scopes": ["read"], "member": "carol", "products": ["shop"]})
    listing = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"

    assert operator.get(listing).status_code == 200
    assert operator.get(f"{listing}?q=x").status_code == 200
    for row in model._base_manager.all():
        page = operator.get(f"{listing}{row.pk}/change/").content.decode()
        assert "drest1" not in page
        assert "dseal1" not in page


def test_nothing_can_be_added_by_hand(operator: Client) -> None:
    assert operator.get("/admin/catalog/model/add/").status_code == 403


def test_staff_without_superuser_stays_out(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.get("/admin/").status_code == 302


def test_a_token_can_be_revoked(operator: Client, alice: Any) -> None:
    from control_plane.workspaces.models import AccessToken

    token = AccessToken.objects.get(name="alice")
    operator.post("/admin/workspaces/accesstoken/", {"action": "revoke", "_selected_action": [str(token.pk)]})

    assert alice.get("products").status_code == 401
