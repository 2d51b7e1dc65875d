from __future__ import annotations

from pydantic import Field

from control_plane.api.operations import Query, operation
from control_plane.api.views import TenantView
from control_plane.products.services import get_product
from control_plane.runs.readiness import readiness
from ductape.types.names import Slug
from ductape.types.runs import Readiness


class ReadinessQuery(Query):
    env: Slug = Field(examples=["dev"])
    """Slug of the environment."""


class ProductReadiness(TenantView):
    @operation("product_readiness", "Tell which models and agents could run in an environment")
    def get(self, product: str, query: ReadinessQuery) -> Readiness:
        return readiness(get_product(product), query.env)
