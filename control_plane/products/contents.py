"""What products hold. Apps above add theirs here, so that products need not know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from control_plane.products.models import Product

CONTENTS: dict[str, Callable[[Product], QuerySet[Any]]] = {}
"""Word for them -> those of a product."""
