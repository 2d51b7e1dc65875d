from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.api.errors import ApiError
from control_plane.api.views import TenantView, answer
from control_plane.products.services import get_product
from control_plane.runs.readiness import readiness


class ProductReadiness(TenantView):
    def get(self, request: Request, product: str) -> Response:
        env = request.query_params.get("env")
        if not env:
            raise ApiError(422, "invalid_argument", "env: say which environment, as ?env=prd", param="env")
        return answer(readiness(get_product(product), env))
