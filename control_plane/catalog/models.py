from __future__ import annotations

from typing import ClassVar

from django.db import models

from control_plane.audit.services import Subject
from control_plane.catalog.key_states import OVER, KeyState
from control_plane.products.models import Environment, Product, ProductKey
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.fields import SealedField, at_rest_kid
from control_plane.vault.models import SecretRow
from control_plane.vault.provider_keys import ProviderKeyRow
from control_plane.versions.models import Version, Versioned
from control_plane.workspaces.models import WorkspaceRow


class Model(Versioned):
    """A tag inside a product: a provider's model with its default settings."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="models")
    tag = models.CharField(max_length=63, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    provider = models.CharField(max_length=32)
    model_name = models.CharField(max_length=200)
    """The provider's own name of the model, or a Hugging Face id."""
    settings = models.JSONField(default=dict)
    """What the entity says about the settings. A key that is absent says nothing; null says "send nothing"."""
    local = models.JSONField(null=True, blank=True)
    """How a host loads it; for the provider `local` only."""
    limits = models.JSONField(default=dict, blank=True)
    locks = models.JSONField(default=list, blank=True)
    fallback = models.JSONField(null=True, blank=True)
    """As `ductape.types.fallbacks.Fallback`."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("product", "tag"), name="model_tag_is_unique"),)

    def __str__(self) -> str:
        return self.tag

    @property
    def subject(self) -> Subject:
        return Subject(self.workspace_id, "model", self.id, self.tag, product=self.product.tag)


class ModelVersion(Version):
    """A model as it was after a change."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="versions")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("model", "number"), name="model_version_is_unique"),)

    def __str__(self) -> str:
        return f"{self.model} version {self.number}"


class ModelEnv(WorkspaceRow):
    """A model in one environment."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="envs")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    base_url = models.CharField(max_length=2000, null=True, blank=True)
    active = models.BooleanField(default=True)
    description = models.TextField(blank=True)
    key_version = models.PositiveIntegerField(default=0, editable=False)
    """The last version number given to a key here; never reused, so that an old stored key cannot come back."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("model", "environment"), name="model_environment_is_unique"),)

    def __str__(self) -> str:
        return f"{self.model} in {self.environment}"

    @property
    def active_key(self) -> ProviderKey | None:
        """What runs use; only rows from `keys.with_active_key` know it."""
        return None if self.held_version is None else self.held_key  # type: ignore[attr-defined]  # set by that query


class ProviderKey(WorkspaceRow, SecretRow):
    """One version of the provider key of a model environment. What is over keeps its row and loses its ciphertext."""

    IDENTITY_FIELDS: ClassVar[tuple[str, ...]] = ("model_env__model", "model_env__environment")

    model_env = models.ForeignKey(ModelEnv, on_delete=models.CASCADE, related_name="keys")
    version = models.PositiveIntegerField(editable=False)
    state = models.CharField(max_length=16, choices=KeyState.choices, editable=False)
    sealed = SealedField(null=True)
    at_rest_kid = at_rest_kid("sealed")
    product_key = models.ForeignKey(
        ProductKey, on_delete=models.PROTECT, null=True, related_name="provider_keys", editable=False
    )
    """What it is sealed to: a key pair cannot go while a provider key needs it."""
    hint = models.CharField(max_length=4, blank=True, editable=False)
    refusal = models.CharField(max_length=64, blank=True, editable=False)
    """Why the provider refused it: the code of the error."""
    overlap = models.DurationField(null=True, editable=False)
    """How long the key before it is kept once this one is active."""
    overlap_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("model_env", "version"), name="provider_key_version_is_unique"),
            models.UniqueConstraint(
                fields=("model_env",), condition=models.Q(state=KeyState.ACTIVE), name="one_active_provider_key"
            ),
            models.UniqueConstraint(
                fields=("model_env",), condition=models.Q(state=KeyState.PENDING), name="one_pending_provider_key"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(OVER), sealed=None, product_key=None)
                | (~models.Q(state__in=sorted(OVER)) & ~models.Q(sealed=None) & ~models.Q(product_key=None)),
                name="provider_key_is_gone_when_over",
            ),
        )

    @property
    def pair(self) -> ProductKey:
        """What it is sealed to. Raises: SecretUnreadable: it is over, there is nothing to open."""
        if self.product_key is None:
            raise SecretUnreadable
        return self.product_key

    def identity(self) -> ProviderKeyRow:
        model = self.model_env.model
        return ProviderKeyRow(
            workspace_id=str(self.workspace_id),
            product_id=str(model.product_id),
            model_id=str(model.id),
            model_tag=model.tag,
            env=self.model_env.environment.slug,
            version=self.version,
            provider=model.provider,
            base_url=self.model_env.base_url,
        )

    def __str__(self) -> str:
        return f"{self.model_env}, key version {self.version}"

    @property
    def subject(self) -> Subject:
        model, slug = self.model_env.model, self.model_env.environment.slug
        return Subject(self.workspace_id, "key", self.id, model.tag, product=model.product.tag, env=slug)


class CheckPace(WorkspaceRow):
    """How far ahead of its pace a token is that has providers asked about keys."""

    token_id = models.UUIDField(editable=False)
    until = models.DateTimeField(editable=False)
    """When all that it asked would be done, had it kept the pace."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("workspace", "token_id"), name="check_pace_is_unique"),)

    def __str__(self) -> str:
        return str(self.token_id)
