from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from ductape.types.base import Input, Output
from ductape.types.names import Slug

ChangeMessage = Annotated[str, StringConstraints(max_length=500)]


class Version(Output):
    """One immutable state of a model or an agent."""

    number: int
    author: str
    """Name of the access token that made it."""
    message: str
    created_at: datetime
    content: dict[str, JsonValue]
    """Everything but keys."""


class Change(Output):
    """One field that differs."""

    path: str
    """Such as `settings.temperature` or `envs.prd.active`."""
    kind: Literal["added", "removed", "changed"]
    """Tells a field that is not there from one that is null."""
    before: JsonValue = None
    after: JsonValue = None


class Diff(Output):
    before: int
    after: int
    changes: list[Change]


class Rollback(Input):
    to: int = Field(ge=1)
    """Number of the version whose settings come back."""
    message: ChangeMessage = ""
    preview: bool = False
    """Only say what would change."""


class RollbackPreview(Output):
    changes: list[Change]
    warnings: list[str]
    """What does not come back, such as a key, and why."""


class Promote(Input):
    """Bring what one environment says to another one. Keys and addresses stay where they are."""

    from_env: Slug
    to_env: Slug
    hash: str | None = None
    """Of the plan to apply; without it the answer is the plan."""


class PromotionPlan(Output):
    from_env: str
    to_env: str
    changes: list[Change]
    """What would differ in `to_env`."""
    missing_keys: list[str]
    """Tags of models that will have no key in `to_env` and need one."""
    hash: str
    """Of both sides as they are now: the plan can be applied only while they are."""
    applied: bool = False
