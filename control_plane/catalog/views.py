from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.api.pagination import page
from control_plane.api.versions import expected_version
from control_plane.api.views import TenantView, answer, deleted
from control_plane.catalog import history, services, shown
from control_plane.catalog.keys import refuse_plaintext
from control_plane.catalog.models import Model
from control_plane.idempotency.once import once
from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.versions.views import HistoryView, VersionDetail, VersionDiff, VersionList
from ductape.types.entities import ModelCreate, ModelUpdate
from ductape.types.filters import ModelFilter
from ductape.types.versions import Rollback


class ModelList(TenantView):
    def get(self, request: Request, product: str) -> Response:
        return page(request, services.find_models(get_product(product), self.filters(ModelFilter)), shown.model)

    @once
    def post(self, request: Request, product: str) -> Response:
        refuse_plaintext(request.data)
        model = services.create_model(
            product=get_product(product), wanted=self.read(ModelCreate), author=self.caller.name
        )
        return answer(shown.model(model), 201)


class ModelDetail(TenantView):
    keeps_within_reach = frozenset({"PATCH"})

    def get(self, request: Request, product: str, model: str) -> Response:
        return answer(shown.model(services.get_model(get_product(product), model)))

    def patch(self, request: Request, product: str, model: str) -> Response:
        refuse_plaintext(request.data)
        row = services.update_model(
            product=get_product(product),
            tag=model,
            wanted=self.read(ModelUpdate),
            author=self.caller.name,
            if_version=expected_version(request),
        )
        return answer(shown.model(row))

    def delete(self, request: Request, product: str, model: str) -> Response:
        services.delete_model(product=get_product(product), tag=model)
        return deleted(model)


class ModelHistory(HistoryView):
    def find(self, product: Product, tag: str) -> Model:
        return services.get_model(product, tag)


class ModelVersionList(ModelHistory, VersionList):
    pass


class ModelVersionDetail(ModelHistory, VersionDetail):
    pass


class ModelDiff(ModelHistory, VersionDiff):
    pass


class ModelRollback(TenantView):
    @once
    def post(self, request: Request, product: str, tag: str) -> Response:
        wanted = self.read(Rollback)
        row = get_product(product)
        if wanted.preview:
            return answer(history.preview_rollback(product=row, tag=tag, to=wanted.to))
        model = history.roll_back(product=row, tag=tag, wanted=wanted, author=self.caller.name)
        return answer(shown.model(model))
