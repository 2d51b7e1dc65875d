from __future__ import annotations

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "control_plane.workspaces"

    def ready(self) -> None:
        from control_plane.workspaces import checks  # noqa: F401  # registers them
