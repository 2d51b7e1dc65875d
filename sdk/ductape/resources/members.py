from __future__ import annotations

import builtins

from ductape.call import Call
from ductape.resources.base import Deleted, Resource, all_pages, body, path
from ductape.types.members import Member, MemberCreate, MemberUpdate, Role


class Members(Resource):
    """The users of the workspace and their roles. Needs the scope `admin`."""

    def create(self, *, user: str, role: Role) -> Member:
        """Make a user a member.

        Args:
            user: name of the user, such as an e-mail address.
            role: viewer (reads), developer (changes and runs) or admin.

        Raises:
            ConflictError: a member already.
        """
        fields = body(MemberCreate, {"user": user, "role": role})
        return self._transport.send(Call("POST", path("members"), Member.model_validate, body=fields))

    def fetch(self, *, id: str) -> Member:
        return self._transport.send(Call("GET", path("members", id), Member.model_validate))

    def fetch_all(self) -> builtins.list[Member]:
        return self._transport.run(all_pages(path("members"), Member))

    def update(self, *, id: str, role: Role) -> Member:
        """Change the role. The member's tokens follow at once."""
        fields = body(MemberUpdate, {"role": role})
        return self._transport.send(Call("PATCH", path("members", id), Member.model_validate, body=fields))

    def delete(self, *, id: str) -> Deleted:
        """End the membership, and with it the member's tokens."""
        return self._transport.send(Call("DELETE", path("members", id), Deleted.model_validate))

    list = fetch_all
