from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from control_plane.products.models import Product
from control_plane.workspaces.models import WorkspaceRow


class Run(WorkspaceRow):
    """One execution of an agent or of a bare model: the record, written before the call and completed after it."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        REQUIRES_ACTION = "requires_action"
        WAITING_APPROVAL = "waiting_approval"
        COMPLETED = "completed"
        FAILED = "failed"
        STOPPED = "stopped"
        TIMED_OUT = "timed_out"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="runs")
    # Tags and versions, not rows: history keeps its words when a model or an agent is deleted.
    env = models.CharField(max_length=32)
    agent_tag = models.CharField(max_length=63, blank=True)
    agent_version = models.PositiveIntegerField(null=True, blank=True)
    model_tag = models.CharField(max_length=63)
    """Of an inline model: of the one whose key it used, or empty."""
    model_version = models.PositiveIntegerField()
    """0 where there is no such model: an inline one is part of its agent's version."""
    key_version = models.PositiveIntegerField(null=True, blank=True)
    resolved = models.JSONField()
    """Every setting with its layer and what it beat, as `ductape.types.config.Resolved`."""
    models_tried = models.JSONField(default=list)
    """Who was asked, in order, as `ductape.types.runs.ModelTried`."""
    messages = models.JSONField()
    """What was sent to the model."""
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RUNNING)
    attempt = models.PositiveSmallIntegerField(default=1)
    stop_reason = models.CharField(max_length=64, blank=True)
    error = models.JSONField(null=True, blank=True)
    output = models.TextField(blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    reasoning_tokens = models.PositiveIntegerField(default=0)
    total_ms = models.FloatField(null=True, blank=True)
    time_to_first_token_ms = models.FloatField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=("workspace", "-created_at"), name="run_by_workspace"),
            BrinIndex(fields=("created_at",), name="run_by_time"),
        )

    def __str__(self) -> str:
        return str(self.id)
