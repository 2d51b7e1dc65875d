from __future__ import annotations

from django.db import models

from control_plane.workspaces.models import WorkspaceRow


class KeptAnswer(WorkspaceRow):
    """What a request with an idempotency key was answered, for when it comes again."""

    token_id = models.UUIDField(editable=False)
    """Whose key it is: no other token is given the answer, not even one of the same workspace."""
    key = models.CharField(max_length=255, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    """SHA-256 of method, path and body."""
    status = models.PositiveSmallIntegerField(default=0, editable=False)
    """0 only inside the transaction that is making the answer."""
    body = models.JSONField(default=dict, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("workspace", "token_id", "key"), name="idempotency_key_is_unique"),
        )
        indexes = (models.Index(fields=("created_at",), name="kept_answer_by_time"),)

    def __str__(self) -> str:
        return self.key
