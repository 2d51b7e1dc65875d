from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from ductape.types.base import Input, Output

Role = Literal["admin", "developer", "viewer"]
"""A viewer reads; a developer also changes and runs; an admin also looks after members and access tokens."""

UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@+-]{1,150}$")]
"""Of a user of the installation, who may be a member of several workspaces; often an e-mail address."""


class MemberCreate(Input):
    user: UserName
    role: Role


class MemberUpdate(Input):
    role: Role


class Member(Output):
    id: str
    user: str
    role: Role
    created_at: datetime
    updated_at: datetime
