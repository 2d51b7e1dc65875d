from __future__ import annotations

from control_plane.api.errors import missing_scope
from control_plane.api.operations import Query, operation
from control_plane.api.pagination import page
from control_plane.api.views import TenantView, deleted
from control_plane.idempotency.once import once
from control_plane.products import sealing_keys, services, shown
from control_plane.workspaces.models import Scope
from ductape.types import entities
from ductape.types.answers import Deleted, Page
from ductape.types.entities import EnvironmentInput, EnvironmentUpdate, ProductCreate, ProductUpdate, SealingKeyRotate


class ProductList(TenantView):
    @operation("product_list", "List the products")
    def get(self) -> Page[entities.Product]:
        return page(self.request, services.visible_products().prefetch_related("environments"), shown.product)

    @once
    @operation("product_create", "Create a product", status=201, refuses=(409,))
    def post(self, wanted: ProductCreate) -> entities.Product:
        return shown.product(services.create_product(workspace_id=self.workspace_id, wanted=wanted))


class ProductDeletion(Query):
    force: bool = False
    """Delete all that the product holds, too."""


class ProductDetail(TenantView):
    @operation("product_fetch", "Fetch a product")
    def get(self, product: str) -> entities.Product:
        return shown.product(services.get_product(product))

    @operation("product_update", "Change a product")
    def patch(self, product: str, wanted: ProductUpdate) -> entities.Product:
        return shown.product(services.update_product(tag=product, wanted=wanted))

    @operation("product_delete", "Delete a product", refuses=(409,))
    def delete(self, product: str, query: ProductDeletion) -> entities.ProductDeleted:
        """Refused while the product holds models or agents, unless `force`, which needs the scope `admin`. What goes
        with it is gone for good: environments, models with their keys, agents, versions, runs, and the product's own
        keys. A run in progress is not stopped; its call ends without a record."""
        if query.force and not self.caller.may(Scope.ADMIN):
            raise missing_scope(Scope.ADMIN)
        contents = services.delete_product(tag=product, force=query.force)
        return entities.ProductDeleted(deleted=True, tag=product, contents=contents)


class SealingKeyDetail(TenantView):
    @operation("sealing_key_fetch", "Fetch the public key that provider keys are sealed to")
    def get(self, product: str) -> entities.SealingKey:
        return sealing_keys.sealing_key(services.get_product(product))


class SealingKeyRotation(TenantView):
    @once
    @operation("sealing_key_rotate", "Rotate the sealing key of a product", status=201, refuses=(409,))
    def post(self, product: str, wanted: SealingKeyRotate) -> entities.SealingKey:
        """The key before is taken for a while longer. Provider keys need not be given again."""
        return sealing_keys.rotate_sealing_key(product=services.get_product(product), wanted=wanted)


class EnvironmentList(TenantView):
    @operation("environment_list", "List the environments of a product")
    def get(self, product: str) -> Page[entities.Environment]:
        environments = services.visible_environments(services.get_product(product))
        return page(self.request, environments, shown.environment, by="slug")

    @once
    @operation("environment_create", "Create an environment", status=201, refuses=(409,))
    def post(self, product: str, wanted: EnvironmentInput) -> entities.Environment:
        row = services.create_environment(product=services.get_product(product), wanted=wanted)
        return shown.environment(row)


class EnvironmentDetail(TenantView):
    keeps_within_reach = frozenset({"PATCH"})

    @operation("environment_fetch", "Fetch an environment")
    def get(self, product: str, slug: str) -> entities.Environment:
        return shown.environment(services.get_environment(services.get_product(product), slug))

    @operation("environment_update", "Change an environment")
    def patch(self, product: str, slug: str, wanted: EnvironmentUpdate) -> entities.Environment:
        """An inactive environment refuses runs."""
        row = services.update_environment(product=services.get_product(product), slug=slug, wanted=wanted)
        return shown.environment(row)

    @operation("environment_delete", "Delete an environment", refuses=(409,))
    def delete(self, product: str, slug: str) -> Deleted:
        """Refused while a model or an agent is configured there."""
        services.delete_environment(product=services.get_product(product), slug=slug)
        return deleted(slug)
