from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from control_plane.tenancy.isolation import EVERY_WORKSPACE, SETTING


class Command(migrate.Command):
    """Django's own, as the owner of the tables and with every workspace's rows in sight."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner" if "owner" in connections else DEFAULT_DB_ALIAS)

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        # The checks of the database judge what this is about to change.
        return {**super().get_check_kwargs(options), "databases": None}

    def handle(self, *args: Any, **options: Any) -> None:
        # For the connection, not the transaction: each migration is one of its own. Without it, those that change rows
        # would find none to change.
        alias = options["database"]
        self._show(alias, EVERY_WORKSPACE)
        try:
            super().handle(*args, **options)
        finally:
            self._show(alias, "")

    def _show(self, alias: str, rows_of: str) -> None:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, rows_of])
