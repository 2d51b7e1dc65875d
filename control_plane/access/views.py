from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.access import members, shown, tokens
from control_plane.api.pagination import page
from control_plane.api.views import TenantView, answer, deleted
from control_plane.idempotency.once import once
from control_plane.workspaces.models import Member, Scope
from ductape.types.members import MemberCreate, MemberUpdate
from ductape.types.tokens import TokenCreate, TokenRotate


class CurrentTokenDetail(TenantView):
    permission_classes = ()

    def get(self, request: Request) -> Response:
        row = tokens.get_token(self.workspace_id, self.caller.token_id)
        return answer(shown.current(row, self.caller))


class TokenList(TenantView):
    needs = Scope.ADMIN
    keeps_within_reach = frozenset({"POST"})

    def get(self, request: Request) -> Response:
        return page(request, tokens.visible_tokens(self.workspace_id), shown.token, by="id")

    def post(self, request: Request) -> Response:
        issued = tokens.create_token(workspace_id=self.workspace_id, wanted=self.read(TokenCreate))
        return answer(shown.issued(issued), 201)


class TokenDetail(TenantView):
    needs = Scope.ADMIN
    keeps_within_reach = frozenset({"DELETE"})

    def get(self, request: Request, token: UUID) -> Response:
        return answer(shown.token(tokens.get_token(self.workspace_id, token)))

    def delete(self, request: Request, token: UUID) -> Response:
        return answer(shown.token(tokens.revoke_token(workspace_id=self.workspace_id, token_id=token)))


class TokenRotation(TenantView):
    needs = Scope.ADMIN
    keeps_within_reach = frozenset({"POST"})

    def post(self, request: Request, token: UUID) -> Response:
        grace = timedelta(hours=self.read(TokenRotate).grace_hours)
        issued = tokens.rotate_token(workspace_id=self.workspace_id, token_id=token, grace=grace)
        return answer(shown.issued(issued), 201)


class MemberList(TenantView):
    needs = Scope.ADMIN

    def get(self, request: Request) -> Response:
        return page(request, Member.objects.select_related("user"), shown.member, by="id")

    @once
    def post(self, request: Request) -> Response:
        member = members.create_member(workspace_id=self.workspace_id, wanted=self.read(MemberCreate))
        return answer(shown.member(member), 201)


class MemberDetail(TenantView):
    needs = Scope.ADMIN

    def get(self, request: Request, member: UUID) -> Response:
        return answer(shown.member(members.get_member(member)))

    def patch(self, request: Request, member: UUID) -> Response:
        return answer(shown.member(members.update_member(member_id=member, wanted=self.read(MemberUpdate))))

    def delete(self, request: Request, member: UUID) -> Response:
        return deleted(members.delete_member(member_id=member))
