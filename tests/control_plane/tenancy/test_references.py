from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from control_plane.products.models import Environment, Product
from control_plane.tenancy.entering import as_operator

NOT_INSIDE = "products_environment_product_id_in_workspace"


def commit(write: Callable[[], object]) -> None:
    """Write, and check what is checked at the commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        write()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def environment_of(product: Product, workspace: Product) -> Environment:
    return Environment.objects.create(workspace_id=workspace.workspace_id, product=product, slug="qa", name="QA")


@pytest.fixture
def theirs(shop: Product, mallory: Any) -> Product:
    mallory.post("products", {"name": "Theirs", "envs": []})
    with as_operator():
        return Product.objects.get(tag="theirs")


def test_a_row_may_refer_to_one_of_its_workspace(shop: Product) -> None:
    commit(lambda: environment_of(shop, workspace=shop))


def test_a_new_row_cannot_refer_to_another_workspaces(shop: Product, theirs: Product) -> None:
    with pytest.raises(IntegrityError, match=NOT_INSIDE):
        commit(lambda: environment_of(theirs, workspace=shop))


def test_a_row_cannot_be_pointed_at_another_workspaces_even_by_an_operator(shop: Product, theirs: Product) -> None:
    with as_operator(), pytest.raises(IntegrityError, match=NOT_INSIDE):
        commit(lambda: Environment.objects.filter(product=shop).update(product=theirs))


def test_a_row_that_others_refer_to_cannot_change_its_workspace(shop: Product, theirs: Product) -> None:
    with as_operator(), pytest.raises(IntegrityError, match="_in_workspace"):
        commit(lambda: Product.objects.filter(pk=shop.pk).update(workspace_id=theirs.workspace_id))
