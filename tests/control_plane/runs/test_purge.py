from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from control_plane.idempotency.models import KeptAnswer
from control_plane.products.models import Product
from control_plane.tenancy.entering import as_operator


def test_answers_are_kept_for_a_day_in_every_workspace(shop: Product, alice: Any, mallory: Any) -> None:
    for caller in (alice, mallory):
        for key in ("old", "new"):
            caller.post("products", {"name": key}, **{"Idempotency-Key": key})
    with as_operator():
        KeptAnswer.objects.filter(key="old").update(created_at=timezone.now() - timedelta(hours=25))
    said = StringIO()

    call_command("purge", stdout=said)

    assert said.getvalue() == "2 answers forgotten, 0 provider keys destroyed\n"
    with as_operator():
        assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["new", "new"]
    assert alice.post("products", {"name": "old"}, **{"Idempotency-Key": "old"}).status_code == 409
