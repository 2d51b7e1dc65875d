from __future__ import annotations

from django.db import models

from control_plane.audit.services import Subject
from control_plane.vault.fields import SealedField, at_rest_kid
from control_plane.vault.models import SecretRow
from control_plane.vault.product_keys import ProductRow
from control_plane.workspaces.models import WorkspaceRow


class Product(WorkspaceRow):
    """A tag inside a workspace; owns environments, models and agents."""

    tag = models.CharField(max_length=63, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("workspace", "tag"), name="product_tag_is_unique"),)

    def __str__(self) -> str:
        return self.tag

    @property
    def subject(self) -> Subject:
        return Subject(self.workspace_id, "product", self.id, self.tag, product=self.tag)


class Environment(WorkspaceRow):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="environments")
    slug = models.CharField(max_length=32, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("product", "slug"), name="environment_slug_is_unique"),)

    def __str__(self) -> str:
        return self.slug

    @property
    def subject(self) -> Subject:
        return Subject(self.workspace_id, "env", self.id, self.slug, product=self.product.tag, env=self.slug)


class ProductKey(WorkspaceRow, SecretRow):
    """One version of a product's sealing key pair."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="keys")
    pk_id = models.CharField(max_length=64, unique=True, editable=False)
    record = SealedField()
    """Public and private half, see `control_plane.vault.product_keys`."""
    at_rest_kid = at_rest_kid("record")
    root_kid = models.CharField(max_length=32, editable=False)
    """Which root key the private half is sealed to."""
    retiring_until = models.DateTimeField(null=True, blank=True, editable=False)
    """Null is the one to seal with. Until this time, seals of others are still taken; then it only opens."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("product",), condition=models.Q(retiring_until=None), name="product_has_one_active_key"
            ),
        )

    def identity(self) -> ProductRow:
        return ProductRow(str(self.workspace_id), str(self.product_id), self.pk_id)

    def __str__(self) -> str:
        return self.pk_id
