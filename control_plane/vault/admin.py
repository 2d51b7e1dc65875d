from __future__ import annotations

from django.contrib import admin

from control_plane.console.looking import LookingAdmin
from control_plane.vault.models import KeyCanary, KeyHolder


@admin.register(KeyHolder)
class KeyHolderAdmin(LookingAdmin):
    list_display = ("name", "holds", "seals_with", "seen_at")


@admin.register(KeyCanary)
class KeyCanaryAdmin(LookingAdmin):
    list_display = ("key",)
    exclude = ("text",)
