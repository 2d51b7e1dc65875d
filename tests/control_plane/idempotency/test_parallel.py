from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from control_plane.idempotency.models import KeptAnswer
from control_plane.products.models import Product
from control_plane.tenancy.entering import as_operator

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(alice: Any, bodies: list[dict[str, str]]) -> list[tuple[int, str]]:
    def create(body: dict[str, str]) -> tuple[int, str]:
        try:
            answer = alice.post("products", body, **{"Idempotency-Key": "one"})
            return answer.status_code, answer.json().get("id") or answer.json()["error"]["code"]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(create, bodies))


def test_fifty_at_once_are_one_creation(alice: Any) -> None:
    answers = at_once(alice, [{"name": "Shop"}] * 50)

    with as_operator():
        product = Product.objects.get()
        assert KeptAnswer.objects.count() == 1
    assert set(answers) == {(201, str(product.id))}


def test_those_with_another_body_are_told(alice: Any) -> None:
    answers = at_once(alice, [{"name": "Shop"}] * 45 + [{"name": "Other"}] * 5)

    with as_operator():
        product = Product.objects.get()
    mine, theirs = (45, 5) if product.name == "Shop" else (5, 45)
    assert Counter(answers) == {(201, str(product.id)): mine, (409, "idempotency_mismatch"): theirs}


def test_when_the_first_is_refused_the_next_has_its_turn(alice: Any) -> None:
    answers = at_once(alice, [{"name": "???"}] * 5 + [{"name": "Shop"}] * 5)

    with as_operator():
        product = Product.objects.get()
    assert answers[5:] == [(201, str(product.id))] * 5
    assert {code for _, code in answers[:5]} <= {"invalid_argument", "idempotency_mismatch"}
