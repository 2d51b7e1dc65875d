from __future__ import annotations

from abc import abstractmethod

from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.api.errors import ApiError
from control_plane.api.pagination import page
from control_plane.api.views import TenantView, answer
from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.versions import services
from control_plane.versions.models import Version, Versioned
from ductape.types import versions


class HistoryView(TenantView):
    """Base of the views on a row's history. A subclass says which row."""

    @abstractmethod
    def find(self, product: Product, tag: str) -> Versioned:
        """Raises: ApiError: 404."""


class VersionList(HistoryView):
    def get(self, request: Request, product: str, tag: str) -> Response:
        return page(request, self.find(get_product(product), tag).history().all(), shown, by="number")


class VersionDetail(HistoryView):
    def get(self, request: Request, product: str, tag: str, number: int) -> Response:
        return answer(shown(services.get_version(self.find(get_product(product), tag), number)))


class VersionDiff(HistoryView):
    """`?before=1&after=3`; the latest version and the one before it unless given."""

    def get(self, request: Request, product: str, tag: str) -> Response:
        row = self.find(get_product(product), tag)
        after = _number(request, "after", row.version)
        return answer(services.compare(row, _number(request, "before", max(after - 1, 1)), after))


def shown(row: Version) -> versions.Version:
    return versions.Version(
        number=row.number,
        author=row.author,
        message=row.message,
        created_at=row.created_at,
        content=services.visible_content(row),
    )


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ApiError(422, "invalid_argument", f"{name}: give the number of a version", param=name)
    return int(text)
