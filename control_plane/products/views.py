from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.api.pagination import page
from control_plane.api.views import TenantView, answer, deleted
from control_plane.idempotency.once import once
from control_plane.products import services, shown
from ductape.types.entities import EnvironmentInput, EnvironmentUpdate, ProductCreate, ProductUpdate


class ProductList(TenantView):
    def get(self, request: Request) -> Response:
        return page(request, services.visible_products().prefetch_related("environments"), shown.product)

    @once
    def post(self, request: Request) -> Response:
        product = services.create_product(workspace_id=self.workspace_id, wanted=self.read(ProductCreate))
        return answer(shown.product(product), 201)


class ProductDetail(TenantView):
    def get(self, request: Request, product: str) -> Response:
        return answer(shown.product(services.get_product(product)))

    def patch(self, request: Request, product: str) -> Response:
        return answer(shown.product(services.update_product(tag=product, wanted=self.read(ProductUpdate))))

    def delete(self, request: Request, product: str) -> Response:
        services.delete_product(tag=product)
        return deleted(product)


class SealingKeyDetail(TenantView):
    def get(self, request: Request, product: str) -> Response:
        return answer(services.sealing_key(services.get_product(product)))


class EnvironmentList(TenantView):
    def get(self, request: Request, product: str) -> Response:
        environments = services.visible_environments(services.get_product(product))
        return page(request, environments, shown.environment, by="slug")

    @once
    def post(self, request: Request, product: str) -> Response:
        row = services.create_environment(product=services.get_product(product), wanted=self.read(EnvironmentInput))
        return answer(shown.environment(row), 201)


class EnvironmentDetail(TenantView):
    keeps_within_reach = frozenset({"PATCH"})

    def get(self, request: Request, product: str, slug: str) -> Response:
        return answer(shown.environment(services.get_environment(services.get_product(product), slug)))

    def patch(self, request: Request, product: str, slug: str) -> Response:
        row = services.update_environment(
            product=services.get_product(product), slug=slug, wanted=self.read(EnvironmentUpdate)
        )
        return answer(shown.environment(row))

    def delete(self, request: Request, product: str, slug: str) -> Response:
        services.delete_environment(product=services.get_product(product), slug=slug)
        return deleted(slug)
