from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.core.checks import Tags, run_checks
from django.db import connection

from control_plane.products.models import Environment
from control_plane.tenancy.inspection import holes, open_references
from control_plane.workspaces.checks import tenant_models

Database = psycopg.Connection[tuple[Any, ...]]

OURS = [model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("control_plane.")]


@pytest.mark.django_db
@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model._meta.db_table)
def test_a_tenant_table_has_its_policy_and_its_references_stay_inside(model: Any) -> None:
    with connection.cursor() as cursor:
        assert holes(cursor, model) == []


@pytest.mark.django_db
@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.db_table)
def test_no_table_with_a_workspace_refers_to_another_ones_rows(model: Any) -> None:
    with connection.cursor() as cursor:
        assert open_references(cursor, model) == []


@pytest.mark.parametrize(
    "damage",
    [
        "ALTER TABLE products_environment DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE products_environment NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY in_workspace ON products_environment",
        "CREATE POLICY another ON products_environment USING (true)",
        "ALTER TABLE products_environment DROP CONSTRAINT products_environment_product_id_in_workspace",
    ],
)
def test_each_hole_is_found_and_its_cure_named(owner: Database, damage: str) -> None:
    owner.execute("SET LOCAL ROLE postgres")
    owner.execute(damage)
    (hole,) = holes(owner.cursor(), Environment)
    assert hole.startswith("products_environment")
    assert hole.endswith("in a migration")


@pytest.mark.django_db
def test_the_check_of_the_database_is_content_with_the_applications_role() -> None:
    assert run_checks(tags=[Tags.database], databases=["default"]) == []
