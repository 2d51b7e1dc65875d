from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from rest_framework.request import Request

from control_plane.api.errors import ApiError
from ductape.sealing import b64_decode, b64_encode
from ductape.types.answers import Page
from ductape.types.base import Output

ModelT = TypeVar("ModelT", bound=Model)
OutputT = TypeVar("OutputT", bound=Output)
PAGING = frozenset({"limit", "cursor"})
"""The parameters of every list."""
DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def page(
    request: Request,
    rows: QuerySet[ModelT],
    show: Callable[[ModelT], OutputT],
    *,
    by: str = "tag",
    backwards: bool = False,
) -> Page[OutputT]:
    """One page of a list, in the order of a unique column.

    Args:
        by: the column; the cursor is its last value seen, so that pages stay right while rows come and go.
        backwards: from the greatest value down.
    """
    limit = _limit(request.query_params.get("limit"))
    cursor = request.query_params.get("cursor")
    if cursor:
        rows = _after(rows, f"{by}__{'lt' if backwards else 'gt'}", cursor)
    found = list(rows.order_by(f"-{by}" if backwards else by)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    next_cursor = b64_encode(str(getattr(found[-1], by)).encode()) if more else None
    return Page(data=[show(row) for row in found], next_cursor=next_cursor)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise ApiError(422, "invalid_argument", f"limit: give a number from 1 to {MAX_LIMIT}", param="limit")
    return int(text)


def _after(rows: QuerySet[ModelT], beyond: str, cursor: str) -> QuerySet[ModelT]:
    try:
        return rows.filter(**{beyond: b64_decode(cursor).decode()})
    except (ValueError, ValidationError):
        # No cursor at all, or one of another list, whose column is of another type.
        raise ApiError(422, "invalid_argument", "cursor: pass `next_cursor` on as it was", param="cursor") from None
