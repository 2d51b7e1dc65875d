from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from control_plane.console.looking import LookingAdmin
from control_plane.workspaces.models import AccessToken, Workspace


@admin.register(Workspace)
class WorkspaceAdmin(LookingAdmin):
    list_display = ("tag", "name", "created_at")
    search_fields = ("tag", "name")


@admin.register(AccessToken)
class AccessTokenAdmin(LookingAdmin):
    list_display = ("name", "shown", "workspace", "scopes", "expires_at", "revoked_at", "last_used_at")
    list_filter = ("workspace",)
    search_fields = ("name", "shown")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke at once")
    def revoke(self, request: HttpRequest, tokens: QuerySet[AccessToken]) -> None:
        revoked = tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{revoked} revoked")
