from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ductape.types.base import Input, Output
from ductape.types.members import Role, UserName
from ductape.types.names import Name, Slug, Tag

TokenScope = Literal["read", "write", "run", "admin"]
"""`write` changes products and what they hold, `admin` members and access tokens too and includes the others."""


class TokenCreate(Input):
    name: Name
    scopes: list[TokenScope] = Field(min_length=1)
    products: list[Tag] | None = Field(default=None, min_length=1, max_length=200)
    """Tags of the products that it is bound to; to those of the creating token unless given."""
    envs: list[Slug] | None = Field(default=None, min_length=1, max_length=200)
    """Slugs of the environments that it is bound to; to those of the creating token unless given."""
    member: UserName | None = None
    """Whom it acts for: it then never does more than the member's role allows. The workspace itself unless given."""
    expires_in_days: int = Field(default=90, ge=1, le=365)


class TokenRotate(Input):
    grace_hours: int = Field(default=24, ge=0, le=7 * 24)
    """How long the old token works beside the new one."""


class AccessToken(Output):
    """All that is shown of an access token after its creation."""

    id: str
    name: str
    shown: str
    """Its first characters."""
    scopes: list[TokenScope]
    products: list[str] | None
    """Null is all."""
    envs: list[str] | None
    """Null is all."""
    member: str | None
    replaces: str | None
    """Id of the token that it was rotated from."""
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class IssuedToken(AccessToken):
    token: str = Field(repr=False)
    """Shown this once."""


class CurrentToken(Output):
    """Whom a client speaks for, and how far."""

    id: str
    name: str
    workspace: str
    member: str | None
    role: Role | None
    """Of the member."""
    scopes: list[TokenScope]
    """What it may do now: included scopes are spelled out, and what the member's role does not allow is left out."""
    products: list[str] | None
    envs: list[str] | None
    expires_at: datetime
