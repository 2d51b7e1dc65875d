from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from control_plane.api.errors import ApiError
from control_plane.catalog.models import CheckPace
from control_plane.catalog.pace import BURST, STEP, forget_paces, keep_pace
from control_plane.products.models import Product

TOKEN = uuid4()


def ask(shop: Product, token_id: UUID = TOKEN) -> None:
    keep_pace(workspace_id=shop.workspace_id, token_id=token_id)


def pass_time(time: timedelta) -> None:
    for row in CheckPace.objects.all():
        CheckPace.objects.filter(id=row.id).update(until=row.until - time)


def test_a_burst_then_one_a_step(shop: Product) -> None:
    for _ in range(BURST):
        ask(shop)
    with pytest.raises(ApiError) as refused:
        ask(shop)
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "6"})

    pass_time(STEP)
    ask(shop)
    with pytest.raises(ApiError):
        ask(shop)


def test_each_token_has_a_pace_of_its_own(shop: Product) -> None:
    for _ in range(BURST):
        ask(shop)
    ask(shop, uuid4())


def test_waiting_long_is_worth_a_burst_and_no_more(shop: Product, alice: Any) -> None:
    ask(shop)
    pass_time(timedelta(days=1))
    for _ in range(BURST):
        ask(shop)
    with pytest.raises(ApiError):
        ask(shop)


def test_who_has_been_slow_is_forgotten(shop: Product) -> None:
    ask(shop)
    assert forget_paces() == 0
    pass_time(STEP * 2)
    assert forget_paces() == 1
