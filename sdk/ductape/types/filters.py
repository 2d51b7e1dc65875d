"""Which entities a list holds; all of them unless something is given."""

from __future__ import annotations

from ductape.types.base import Input
from ductape.types.names import Provider, Slug, Tag


class ModelFilter(Input):
    provider: Provider | None = None
    """Only models of this provider."""
    env: Slug | None = None
    """Only models that are configured in this environment."""


class AgentFilter(Input):
    model: Tag | None = None
    """Only agents that use the model of this tag."""
