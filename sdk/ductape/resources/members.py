from __future__ import annotations

import builtins

from ductape.call import Call, Flow, new_key
from ductape.resources.base import Deleted, Resource, all_pages, body, path
from ductape.sending import TransportT, operation
from ductape.types.members import Member, MemberCreate, MemberUpdate, Role


class Members(Resource[TransportT]):
    """The users of the workspace and their roles. Needs the scope `admin`."""

    @operation
    def create(self, *, user: str, role: Role) -> Call[Member]:
        """Make a user a member.

        Args:
            user: name of the user, such as an e-mail address.
            role: viewer (reads), developer (changes and runs) or admin.

        Raises:
            ConflictError: a member already.
        """
        fields = body(MemberCreate, {"user": user, "role": role})
        return Call("POST", path("members"), Member.model_validate, body=fields, idempotency_key=new_key())

    @operation
    def fetch(self, *, id: str) -> Call[Member]:
        return Call("GET", path("members", id), Member.model_validate)

    @operation
    def fetch_all(self) -> Flow[builtins.list[Member]]:
        return all_pages(path("members"), Member)

    @operation
    def update(self, *, id: str, role: Role) -> Call[Member]:
        """Change the role. The member's tokens follow at once."""
        fields = body(MemberUpdate, {"role": role})
        return Call("PATCH", path("members", id), Member.model_validate, body=fields)

    @operation
    def delete(self, *, id: str) -> Call[Deleted]:
        """End the membership, and with it the member's tokens."""
        return Call("DELETE", path("members", id), Deleted.model_validate)

    list = fetch_all
