from __future__ import annotations

from typing import Any

from django.db import models

from control_plane.audit.services import Subject
from control_plane.workspaces.models import WorkspaceRow


class Versioned(WorkspaceRow):
    """Base of what has a history: a model, an agent."""

    version = models.PositiveIntegerField(default=1, editable=False)

    def history(self) -> models.Manager[Any]:
        """The rows of its own kind of `Version`, which relate to it as `versions`."""
        versions: models.Manager[Any] = self.versions  # type: ignore[attr-defined]
        return versions

    @property
    def subject(self) -> Subject:
        """Its kind is the word before the dot in the actions that concern it."""
        raise NotImplementedError

    class Meta:
        abstract = True


class Version(WorkspaceRow):
    """Base of the history tables: one immutable row a change, written in the change's own transaction."""

    number = models.PositiveIntegerField()
    author = models.CharField(max_length=200)
    message = models.CharField(max_length=500, blank=True)
    content = models.JSONField()
    """Everything but keys, as it was after the change."""

    class Meta:
        abstract = True
