"""What happened in a workspace."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from ductape.types.base import Input, Output
from ductape.types.names import Slug, Tag

ActorKind = Literal["token", "user", "operator", "server"]
_Word = Annotated[str, Field(min_length=1, max_length=200)]
_Time = Annotated[AwareDatetime, Field(strict=False, examples=["2026-11-22T09:00:00Z"])]


class AuditFilter(Input):
    """Only entries to which all of this applies."""

    action: _Word | None = Field(default=None, examples=["model.updated"])
    """What was done."""
    actor: _Word | None = None
    """Name or id of who did it: of a token, a user or an operator's command."""
    kind: _Word | None = Field(default=None, examples=["model"])
    """What it was done to: the word before the dot in `action`."""
    tag: _Word | None = None
    """Which one of that kind: a tag, a slug, the name of a token or a member; of a key the tag of its model."""
    product: Tag | None = None
    """Tag of the product that it concerns."""
    env: Slug | None = None
    """Slug of the one environment that it concerns."""
    since: _Time | None = None
    """Not before this time, with its zone."""
    until: _Time | None = None
    """Before this time, with its zone."""


class AuditActor(Output):
    kind: ActorKind
    """A token of the API, a user of the admin, an operator's command, or the server itself."""
    id: str
    """Of the token or the user; of an operator the account on the machine."""
    name: str
    member: str | None
    """Whom the token acted for."""
    request_id: str | None
    address: str | None
    """Where the request came from; behind a proxy, the proxy."""


class AuditEntry(Output):
    id: str
    at: AwareDatetime
    action: str
    kind: str
    object_id: str
    tag: str
    product: str | None
    env: str | None
    actor: AuditActor
    before: dict[str, Any]
    """The fields that were changed, as they were. Long texts are cut."""
    after: dict[str, Any]
    """The fields that were changed, as they are since."""
    details: dict[str, Any]
    """What else there is to know, such as the version of a key."""
    lane: int
    """Of the chain that the entry is a link of; see `docs/audit.md`."""
    seq: int
    """Its place in that chain."""
    hash: str
    """In hex."""
