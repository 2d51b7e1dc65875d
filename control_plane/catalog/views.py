from __future__ import annotations

from control_plane.api.operations import operation
from control_plane.api.pagination import page
from control_plane.api.versions import expected_version
from control_plane.api.views import InputT, TenantView, deleted
from control_plane.catalog import history, rotation, services, shown
from control_plane.catalog.keys import refuse_plaintext
from control_plane.catalog.models import Model
from control_plane.idempotency.once import once
from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.versions.views import HistoryView, VersionDetail, VersionDiff, VersionList
from ductape.types import entities
from ductape.types.answers import Deleted, Page
from ductape.types.entities import ModelCreate, ModelUpdate
from ductape.types.filters import ModelFilter
from ductape.types.keys import KeyRotate, KeyVersion
from ductape.types.versions import Rollback, RollbackPreview


class ModelView(TenantView):
    def read(self, kind: type[InputT]) -> InputT:
        refuse_plaintext(self.request.data)
        return super().read(kind)


class ModelList(ModelView):
    @operation("model_list", "List the models of a product")
    def get(self, product: str, query: ModelFilter) -> Page[entities.Model]:
        return page(self.request, shown.with_envs(services.find_models(get_product(product), query)), shown.model)

    @once
    @operation("model_create", "Register a model", status=201, refuses=(409,))
    def post(self, product: str, wanted: ModelCreate) -> entities.Model:
        """Provider keys are taken sealed only (`sealed_api_key`): a key in clear is refused with
        `plaintext_secret_refused` and is not repeated anywhere."""
        model = services.create_model(product=get_product(product), wanted=wanted, author=self.caller.name)
        return shown.model(model)


class ModelDetail(ModelView):
    keeps_within_reach = frozenset({"PATCH"})

    @operation("model_fetch", "Fetch a model")
    def get(self, product: str, model: str) -> entities.Model:
        """Of a provider key it shows whether there is one, its last characters and its version; never more."""
        return shown.model(services.get_model(get_product(product), model))

    @operation("model_update", "Change a model", refuses=(409, 412))
    def patch(self, product: str, model: str, wanted: ModelUpdate) -> entities.Model:
        """What is not given stays. Environments merge by slug; `"remove": true` removes one. A change of provider or
        `base_url` needs the keys concerned again, sealed for where they will go."""
        row = services.update_model(
            product=get_product(product),
            tag=model,
            wanted=wanted,
            author=self.caller.name,
            if_version=expected_version(self.request),
        )
        return shown.model(row)

    @operation("model_delete", "Delete a model", refuses=(409,))
    def delete(self, product: str, model: str) -> Deleted:
        """Refused while agents use it or models fall back on it; the message names them."""
        services.delete_model(product=get_product(product), tag=model)
        return deleted(model)


class KeyList(ModelView):
    @operation("model_key_list", "List the versions of a provider key")
    def get(self, product: str, model: str, slug: str) -> Page[KeyVersion]:
        """Of each its state, its last characters and its times; never more."""
        found = rotation.find_keys(get_product(product), model, slug)
        return page(self.request, found, shown.key_version, by="version")

    @once
    @operation("model_key_rotate", "Give the next provider key", status=201, refuses=(409,))
    def post(self, product: str, model: str, slug: str, wanted: KeyRotate) -> KeyVersion:
        """It is taken sealed only and is `pending` until a runner has asked the provider (`/v1/models/verify-key`).
        It is `active` then, and the one before it `retiring`, to be destroyed after the overlap."""
        found = get_product(product)
        return shown.key_version(rotation.begin_rotation(product=found, tag=model, slug=slug, wanted=wanted))


class KeyDetail(TenantView):
    @operation("model_key_revoke", "Destroy a pending or retiring provider key", refuses=(409,))
    def delete(self, product: str, model: str, slug: str, number: int) -> KeyVersion:
        """A pending key is never used then; a retiring one is gone before its overlap ends. The active one stays."""
        key = rotation.revoke_key(product=get_product(product), tag=model, slug=slug, version=number)
        return shown.key_version(key)


class ModelHistory(HistoryView):
    noun = "model"

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
    @operation("model_rollback", "Bring the settings of a version back")
    def post(self, product: str, model: str, wanted: Rollback) -> entities.Model | RollbackPreview:
        """Restores settings as a new version, never an old key. With `preview` it only says what would change."""
        found = get_product(product)
        if wanted.preview:
            return history.preview_rollback(product=found, tag=model, to=wanted.to)
        return shown.model(history.roll_back(product=found, tag=model, wanted=wanted, author=self.caller.name))
