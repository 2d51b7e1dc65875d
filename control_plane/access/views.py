from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from control_plane.access import entries, members, shown, tokens
from control_plane.api.operations import operation
from control_plane.api.pagination import page
from control_plane.api.views import TenantView, deleted
from control_plane.idempotency.once import once
from control_plane.workspaces.models import Scope
from ductape.types.answers import Deleted, Page
from ductape.types.audit import AuditEntry, AuditFilter
from ductape.types.members import Member, MemberCreate, MemberUpdate
from ductape.types.tokens import AccessToken, CurrentToken, IssuedToken, TokenCreate, TokenRotate


class CurrentTokenDetail(TenantView):
    permission_classes = ()

    @operation("current_token_fetch", "Ask whom this token speaks for", any_token=True)
    def get(self) -> CurrentToken:
        return shown.current(tokens.get_token(self.workspace_id, self.caller.token_id), self.caller)


class TokenList(TenantView):
    needs = Scope.ADMIN
    keeps_within_reach = frozenset({"POST"})

    @operation("token_list", "List the access tokens of the workspace")
    def get(self) -> Page[AccessToken]:
        return page(self.request, tokens.visible_tokens(self.workspace_id), shown.token, by="id")

    @operation("token_create", "Issue an access token", status=201)
    def post(self, wanted: TokenCreate) -> IssuedToken:
        """The token is in this answer and in no other; so this one is not repeated for an `Idempotency-Key`."""
        return shown.issued(tokens.create_token(workspace_id=self.workspace_id, wanted=wanted))


class TokenDetail(TenantView):
    needs = Scope.ADMIN
    keeps_within_reach = frozenset({"DELETE"})

    @operation("token_fetch", "Fetch an access token")
    def get(self, token: UUID) -> AccessToken:
        return shown.token(tokens.get_token(self.workspace_id, token))

    @operation("token_revoke", "Revoke an access token at once")
    def delete(self, token: UUID) -> AccessToken:
        return shown.token(tokens.revoke_token(workspace_id=self.workspace_id, token_id=token))


class TokenRotation(TenantView):
    needs = Scope.ADMIN
    keeps_within_reach = frozenset({"POST"})

    @operation("token_rotate", "Issue a successor of an access token", status=201, refuses=(409,))
    def post(self, token: UUID, wanted: TokenRotate) -> IssuedToken:
        """The old one works on for the grace period."""
        grace = timedelta(hours=wanted.grace_hours)
        return shown.issued(tokens.rotate_token(workspace_id=self.workspace_id, token_id=token, grace=grace))


class MemberList(TenantView):
    needs = Scope.ADMIN

    @operation("member_list", "List the members of the workspace")
    def get(self) -> Page[Member]:
        return page(self.request, members.all_members(), shown.member, by="id")

    @once
    @operation("member_create", "Make a user a member", status=201, refuses=(409,))
    def post(self, wanted: MemberCreate) -> Member:
        return shown.member(members.create_member(workspace_id=self.workspace_id, wanted=wanted))


class MemberDetail(TenantView):
    needs = Scope.ADMIN

    @operation("member_fetch", "Fetch a member")
    def get(self, member: UUID) -> Member:
        return shown.member(members.get_member(member))

    @operation("member_update", "Change a member's role", refuses=(409,))
    def patch(self, member: UUID, wanted: MemberUpdate) -> Member:
        """The member's tokens follow at once."""
        return shown.member(members.update_member(member_id=member, wanted=wanted))

    @operation("member_delete", "End a membership", refuses=(409,))
    def delete(self, member: UUID) -> Deleted:
        """And with it the member's tokens."""
        return deleted(members.delete_member(member_id=member))


class AuditList(TenantView):
    needs = Scope.ADMIN

    @operation("audit_list", "List what happened, newest first")
    def get(self, query: AuditFilter) -> Page[AuditEntry]:
        """Every change and every opening of a provider key, and who did it. Entries cannot be changed or deleted."""
        return page(self.request, entries.find_entries(query), entries.shown, by="id", backwards=True)
