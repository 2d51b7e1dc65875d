"""Each request is one transaction, and every way in which it can end is answered in the error shape."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from control_plane.products import services as product_services
from control_plane.products.models import Environment, Product
from control_plane.tenancy.entering import in_workspace


def fails(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("after the writing")


def test_an_error_undoes_all_that_the_request_wrote(alice: Any, refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control_plane.products.shown.product", fails)

    assert refused(alice.post("products", {"name": "Shop"})) == (500, "internal_error")
    with in_workspace(alice.workspace.id):
        assert not Product.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_fails_at_the_commit_is_answered_too(alice: Any, refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refer_nowhere(*, product: Product, wanted: Any) -> Environment:
        return Environment.objects.create(workspace_id=product.workspace_id, product_id=product.workspace_id, slug="no")

    monkeypatch.setattr(product_services, "create_environment", refer_nowhere)

    assert refused(alice.post("products", {"name": "Shop"})) == (500, "internal_error")
    assert alice.get("products").json()["data"] == []


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_before_the_commit_is_a_503(
    alice: Any, refused: Any, services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = connection._commit  # type: ignore[attr-defined]  # the last moment before COMMIT

    def cut_and_commit() -> None:
        with psycopg.connect(services.database_owner_url) as owner:
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        commit()

    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", cut_and_commit)
        answer = alice.get("products")

    assert refused(answer) == (503, "unavailable")
    assert answer.json()["error"]["retryable"] is True
    assert alice.get("products").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_commit_happens_once_after_it(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    create = product_services.create_product

    def create_and_wait(**given: Any) -> Product:
        transaction.on_commit(lambda: seen.append(connection.in_atomic_block))
        return create(**given)

    monkeypatch.setattr(product_services, "create_product", create_and_wait)

    assert alice.post("products", {"name": "Shop"}).status_code == 201
    assert seen == [False]


@pytest.mark.django_db(transaction=True)
def test_the_next_request_on_the_connection_starts_without_a_workspace(alice: Any, mallory: Any) -> None:
    alice.post("products", {"name": "Shop"})
    session = connection.connection.info.backend_pid

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('ductape.workspace', true), (SELECT count(*) FROM products_product)")
        assert cursor.fetchone() == ("", 0)
    assert mallory.get("products").json()["data"] == []
    assert connection.connection.info.backend_pid == session
