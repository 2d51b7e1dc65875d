from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin, served by our site."""

    default = False
    default_site = "control_plane.console.site.ConsoleSite"


class ConsoleConfig(AppConfig):
    default = True
    name = "control_plane.console"
