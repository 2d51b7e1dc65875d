from __future__ import annotations

from django.contrib import admin

from control_plane.console.looking import LookingAdmin
from control_plane.runs.models import Run


@admin.register(Run)
class RunAdmin(LookingAdmin):
    list_display = ("id", "created_at", "status", "product", "env", "agent_tag", "model_tag", "total_ms")
    list_filter = ("status",)
    list_select_related = ("product",)
    search_fields = ("=id", "agent_tag", "model_tag")
    ordering = ("-created_at",)
