from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from control_plane.console.looking import LookingAdmin
from control_plane.workspaces.models import AccessToken, Member, Workspace
from control_plane.workspaces.services import revoke


@admin.register(Workspace)
class WorkspaceAdmin(LookingAdmin):
    list_display = ("tag", "name", "created_at")
    search_fields = ("tag", "name")


@admin.register(Member)
class MemberAdmin(LookingAdmin):
    list_display = ("user", "role", "workspace", "created_at")
    list_filter = ("workspace", "role")
    list_select_related = ("user", "workspace")
    search_fields = ("user__username", "workspace__tag")


@admin.register(AccessToken)
class AccessTokenAdmin(LookingAdmin):
    list_display = (
        *("name", "shown", "workspace", "member", "scopes", "products", "envs"),
        *("expires_at", "revoked_at", "last_used_at"),
    )
    list_filter = ("workspace",)
    list_select_related = ("workspace", "member__user")
    search_fields = ("name", "shown")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke at once")
    def revoke(self, request: HttpRequest, tokens: QuerySet[AccessToken]) -> None:
        self.message_user(request, f"{revoke(tokens)} revoked")
