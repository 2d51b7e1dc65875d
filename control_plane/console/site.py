from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class ConsoleSite(AdminSite):
    site_header = "Ductape"
    site_title = "Ductape"
    index_title = "Console"

    def has_permission(self, request: HttpRequest) -> bool:
        # It shows every workspace, so being staff is not enough.
        return bool(request.user.is_active and request.user.is_superuser)
