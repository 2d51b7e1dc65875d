from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from control_plane.console.paginator import BoundedPaginator


class LookingAdmin(ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Shows and changes nothing: writes go through the services, which keep versions, seals and guards in order."""

    show_full_result_count = False
    paginator = BoundedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
