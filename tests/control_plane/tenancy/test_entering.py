from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django_scopes.exceptions import ScopeError

from control_plane.products.models import Product
from control_plane.tenancy.entering import as_operator, in_workspace
from control_plane.workspaces.models import Workspace


def visible() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('ductape.workspace', true)")
        return cursor.fetchone()[0] or ""


def tags() -> list[str]:
    """What raw SQL sees, which knows nothing of scopes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tag FROM products_product ORDER BY tag")
        return [tag for (tag,) in cursor.fetchall()]


@pytest.fixture
def two(alice: Any, mallory: Any) -> tuple[UUID, UUID]:
    """Two workspaces with a product each: `mine` and `theirs`."""
    alice.post("products", {"name": "Mine"})
    mallory.post("products", {"name": "Theirs"})
    return alice.workspace.id, mallory.workspace.id


def test_a_workspace_is_all_there_is_inside(two: tuple[UUID, UUID]) -> None:
    mine, theirs = two

    assert tags() == []
    with in_workspace(mine):
        assert tags() == ["mine"]
        assert [product.tag for product in Product.objects.all()] == ["mine"]
    with in_workspace(theirs):
        assert tags() == ["theirs"]
    assert tags() == []


def test_an_operator_sees_all(two: tuple[UUID, UUID]) -> None:
    with as_operator():
        assert tags() == ["mine", "theirs"]
        assert Product.objects.count() == 2
    assert tags() == []


def test_leaving_an_inner_block_returns_to_the_outer_one(two: tuple[UUID, UUID]) -> None:
    mine, theirs = two

    with as_operator():
        with in_workspace(mine):
            with in_workspace(theirs):
                assert tags() == ["theirs"]
            assert tags() == ["mine"]
            with pytest.raises(ValueError, match="stop"), in_workspace(theirs):
                raise ValueError("stop")
            assert tags() == ["mine"]
        assert tags() == ["mine", "theirs"]


def test_an_error_undoes_what_was_written_inside(acme: Workspace) -> None:
    def write_and_stop() -> None:
        with in_workspace(acme.id):
            Product.objects.create(workspace=acme, tag="p", name="P")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write_and_stop()
    with in_workspace(acme.id):
        assert not Product.objects.exists()


def test_a_rollback_that_was_asked_for_leaves_nothing_set(acme: Workspace) -> None:
    with in_workspace(acme.id):
        transaction.set_rollback(True)
    assert visible() == ""


def test_outside_a_query_raises_before_it_reaches_the_database(acme: Workspace) -> None:
    with in_workspace(acme.id):
        pass
    with pytest.raises(ScopeError):
        Product.objects.count()


@pytest.mark.django_db(transaction=True)
def test_after_the_transaction_the_connection_has_no_workspace() -> None:
    with in_workspace(uuid4()):
        session = connection.connection.info.backend_pid
        assert visible()
    with as_operator():
        assert visible() == "every"

    assert visible() == ""
    assert connection.connection.info.backend_pid == session


@pytest.mark.django_db(transaction=True)
def test_entering_costs_one_statement_and_leaving_none(django_assert_num_queries: Any) -> None:
    # BEGIN, the setting, COMMIT
    with django_assert_num_queries(3), in_workspace(uuid4()):
        pass
