from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from django_scopes import ScopedManager

from control_plane.ids import uuid7

NO_WORKSPACE = UUID(int=0)
"""The workspace of what concerns the whole installation, such as its users."""


class Entry(models.Model):
    """One thing that happened. The application can add entries and read them, and nothing else.

    The database fills in `lane`, `seq`, `at` and `hash` (`linking.py`).
    """

    application_may: ClassVar[tuple[str, ...]] = ("SELECT", "INSERT")
    """See `control_plane.tenancy.application_role`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Ids and words, no foreign keys: an entry outlives what it speaks of.
    workspace_id = models.UUIDField()
    lane = models.PositiveIntegerField(db_default=0)
    seq = models.PositiveBigIntegerField(db_default=0)
    at = models.DateTimeField(db_default=Now())
    action = models.TextField()
    kind = models.TextField()
    object_id = models.TextField()
    tag = models.TextField()
    product = models.TextField(blank=True)
    env = models.TextField(blank=True)
    details = models.TextField()
    """A JSON object. Text, because its very bytes are hashed."""
    actor_kind = models.TextField()
    actor_id = models.TextField(blank=True)
    actor_name = models.TextField(blank=True)
    actor_member = models.TextField(blank=True)
    request_id = models.TextField(blank=True)
    address = models.TextField(blank=True)
    hash = models.BinaryField(db_default=models.Value(b""))

    objects: ClassVar[models.Manager[Self]] = ScopedManager(workspace="workspace_id")

    class Meta:
        verbose_name_plural = "entries"
        constraints = (models.UniqueConstraint(fields=("workspace_id", "lane", "seq"), name="entry_has_its_place"),)
        indexes = (
            models.Index(fields=("workspace_id", "id"), name="entry_by_time"),
            models.Index(fields=("workspace_id", "action", "id"), name="entry_by_action"),
            models.Index(fields=("workspace_id", "kind", "tag", "id"), name="entry_by_object"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.tag}"
