from __future__ import annotations

from django.contrib import admin

from control_plane.console.looking import LookingAdmin
from control_plane.idempotency.models import KeptAnswer


@admin.register(KeptAnswer)
class KeptAnswerAdmin(LookingAdmin):
    list_display = ("key", "status", "created_at", "workspace")
    list_filter = ("workspace",)
    search_fields = ("key",)
