"""How many rows need which key, without opening any."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count

from control_plane.products.models import ProductKey
from control_plane.rotation.levels import sealed_columns, secrets


def rows_by_key() -> Counter[str]:
    """By the names of keys, such as `at-rest a1`."""
    counts = Counter[str]()
    for model, column in sealed_columns():
        by_kid = secrets(model, column).order_by().values_list("at_rest_kid").annotate(count=Count("id"))
        counts.update({f"at-rest {kid}": count for kid, count in by_kid})
    by_root = ProductKey.objects.order_by().values_list("root_kid").annotate(count=Count("id"))
    counts.update({f"root {kid}": count for kid, count in by_root})
    return counts
