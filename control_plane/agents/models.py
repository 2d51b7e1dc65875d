from __future__ import annotations

from django.db import models

from control_plane.audit.services import Subject
from control_plane.products.models import Environment, Product
from control_plane.versions.models import Version, Versioned
from control_plane.workspaces.models import WorkspaceRow


class Agent(Versioned):
    """A tag inside a product: a model with its own layer of settings, a system prompt, tools and ends."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="agents")
    tag = models.CharField(max_length=63, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    model_tag = models.CharField(max_length=63, db_index=True, blank=True)
    """By tag, not by row: an agent may be defined before its model. Of an inline model: the one whose key it uses."""
    inline_model = models.JSONField(null=True, blank=True)
    """As `ductape.types.agents.InlineModel`, where the agent describes its model itself."""
    overrides = models.JSONField(default=dict)
    system_prompt = models.TextField(blank=True)
    # What was said of each: what was left out is the default of its type in `ductape.types`.
    tools = models.JSONField(default=list, blank=True)
    termination = models.JSONField(default=dict, blank=True)
    memory = models.JSONField(default=dict, blank=True)
    human_in_loop = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("product", "tag"), name="agent_tag_is_unique"),)

    def __str__(self) -> str:
        return self.tag

    @property
    def subject(self) -> Subject:
        return Subject(self.workspace_id, "agent", self.id, self.tag, product=self.product.tag)


class AgentVersion(Version):
    """An agent as it was after a change."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("agent", "number"), name="agent_version_is_unique"),)

    def __str__(self) -> str:
        return f"{self.agent} version {self.number}"


class AgentEnv(WorkspaceRow):
    """What an agent says in one environment."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="envs")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    active = models.BooleanField(default=True)
    model_tag = models.CharField(max_length=63, blank=True)
    """Another model to use here, as on the agent; the agent's own unless given."""
    inline_model = models.JSONField(null=True, blank=True)
    overrides = models.JSONField(default=dict)
    limits = models.JSONField(default=dict, blank=True)
    locks = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("agent", "environment"), name="agent_environment_is_unique"),)

    def __str__(self) -> str:
        return f"{self.agent} in {self.environment}"
