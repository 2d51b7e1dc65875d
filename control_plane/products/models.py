from __future__ import annotations

from django.db import models

from control_plane.audit.services import Subject
from control_plane.vault.fields import SealedField
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


class ProductKey(WorkspaceRow):
    """One version of a product's sealing key pair; the newest is the one to seal with."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="keys")
    pk_id = models.CharField(max_length=64, unique=True, editable=False)
    record = SealedField()
    """Public and private half, see `control_plane.vault.product_keys`."""

    def __str__(self) -> str:
        return self.pk_id
