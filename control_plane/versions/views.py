from __future__ import annotations

from abc import abstractmethod
from typing import Annotated

from pydantic import Field

from control_plane.api.operations import Query, operation
from control_plane.api.pagination import page
from control_plane.api.views import TenantView
from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.versions import services
from control_plane.versions.models import Version, Versioned
from ductape.types import versions
from ductape.types.answers import Page

Number = Annotated[int, Field(ge=0, lt=10**9)]


class DiffQuery(Query):
    before: Number | None = None
    """Number of a version; the one before `after` unless given."""
    after: Number | None = None
    """Number of a version; the latest unless given."""


class HistoryView(TenantView):
    """Base of the views on a row's history. A subclass says which row."""

    noun: str
    """Fills `{noun}` in the words of the operations; also the name of the row's tag in the address."""

    @abstractmethod
    def find(self, product: Product, tag: str) -> Versioned:
        """Raises: ApiError: 404."""

    def row(self) -> Versioned:
        return self.find(get_product(self.kwargs["product"]), self.kwargs[self.noun])


class VersionList(HistoryView):
    @operation("{noun}_version_list", "List the versions of this {noun}")
    def get(self, **_: str) -> Page[versions.Version]:
        return page(self.request, self.row().history().all(), shown, by="number")


class VersionDetail(HistoryView):
    @operation("{noun}_version_fetch", "Fetch a version of this {noun}")
    def get(self, number: int, **_: str) -> versions.Version:
        return shown(services.get_version(self.row(), number))


class VersionDiff(HistoryView):
    @operation("{noun}_version_compare", "Compare two versions of this {noun}")
    def get(self, query: DiffQuery, **_: str) -> versions.Diff:
        row = self.row()
        after = row.version if query.after is None else query.after
        before = max(after - 1, 1) if query.before is None else query.before
        return services.compare(row, before, after)


def shown(row: Version) -> versions.Version:
    return versions.Version(
        number=row.number,
        author=row.author,
        message=row.message,
        created_at=row.created_at,
        content=services.visible_content(row),
    )
