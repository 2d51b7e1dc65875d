from __future__ import annotations

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.serializers import serialize

from control_plane.products.models import Product, ProductKey
from control_plane.vault.fields import SealedField


def test_nothing_but_wrapped_text_can_be_saved(shop: Product) -> None:
    for text in ("sk-plaintext", "", "dseal1.pk.AAAA"):
        with pytest.raises(ValidationError, match="only wrapped secrets"):
            ProductKey.objects.create(workspace=shop.workspace, product=shop, pk_id="pk_x", record=text)


def test_a_dump_leaves_it_out(shop: Product) -> None:
    assert '"record": ""' in serialize("json", shop.keys.all())


def test_the_model_registry_finds_every_secret_column() -> None:
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField)
    }
    assert found == {"products.ProductKey.record", "catalog.ProviderKey.sealed"}
