from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_scopes import ScopedManager

from control_plane.audit.services import Subject
from control_plane.ids import uuid7


class Scope(models.TextChoices):
    READ = "read"
    WRITE = "write"
    RUN = "run"
    ADMIN = "admin"


class Role(models.TextChoices):
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Workspace(models.Model):
    """The tenant: everything else belongs to exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tag = models.CharField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.tag

    @property
    def subject(self) -> Subject:
        return Subject(self.id, "workspace", self.id, self.tag)


class WorkspaceRow(models.Model):
    """Base of every tenant table: outside `scope(workspace=...)` any query on it raises."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Self]] = ScopedManager(workspace="workspace")

    class Meta:
        abstract = True


class Member(WorkspaceRow):
    """A user's role in one workspace."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("workspace", "user"), name="member_is_unique"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.role}"

    @property
    def subject(self) -> Subject:
        return Subject(self.workspace_id, "member", self.id, self.user.get_username())


class AccessToken(models.Model):
    """A caller's credential. It is found before the workspace is known, hence no scope."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=200)
    shown = models.CharField(max_length=12)
    """The first characters, for people to tell tokens apart."""
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """Peppered HMAC of the token; the token itself is shown once and stored nowhere."""
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope.choices))
    products = ArrayField(models.CharField(max_length=63), null=True, blank=True)
    """Tags of the products that it is bound to; null is all."""
    envs = ArrayField(models.CharField(max_length=32), null=True, blank=True)
    """Slugs of the environments that it is bound to, in whatever product; null is all."""
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, blank=True, related_name="access_tokens")
    """Whom it acts for, with no more than that role allows; null is the workspace itself."""
    replaces = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaced_by", editable=False
    )
    """The token that it was rotated from, which works on until its grace period ends."""
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.shown}…)"

    @property
    def subject(self) -> Subject:
        return Subject(self.workspace_id, "token", self.id, self.name)
