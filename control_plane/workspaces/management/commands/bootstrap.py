from __future__ import annotations

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import Tags
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from control_plane.audit.actions import Action
from control_plane.audit.commands import OperatorCommand
from control_plane.audit.services import write_entry
from control_plane.audit.users import user_subject
from control_plane.tenancy.application_role import admit_application
from control_plane.tenancy.entering import in_workspace
from control_plane.workspaces.models import Role, Scope, Workspace
from control_plane.workspaces.services import add_member, create_workspace, issue_token

_LOCK = 0x64756374617065  # "ductape": two bootstraps of one database take turns


class Command(OperatorCommand):
    help = "Bring the database up to date and, the first time, create a workspace, an admin and an access token."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default="default")
        parser.add_argument("--admin", default="admin")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        _admit()
        call_command("purge", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write(json.dumps(self._first_things(options["workspace"], options["admin"])))
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])

    @transaction.atomic
    def _first_things(self, tag: str, admin: str) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        found = Workspace.objects.order_by("created_at").first()
        if found is not None:
            return _answer(found, admin, created=False)
        workspace = create_workspace(tag=tag, name=tag.capitalize())
        password = secrets.token_urlsafe(15)
        user = get_user_model().objects.create_superuser(username=admin, password=password)
        write_entry(Action.USER_CREATED, user_subject(user), superuser=True)
        with in_workspace(workspace.id):
            add_member(workspace_id=workspace.id, user=admin, role=Role.ADMIN)
        token = issue_token(workspace=workspace, name="bootstrap", scopes=[Scope.ADMIN])
        return _answer(workspace, admin, created=True, password=password, token=token)


def _admit() -> None:
    """Let the role of DATABASE_URL in, if another one owns the tables."""
    application = connection.settings_dict
    if "owner" in connections and application["USER"] != connections["owner"].settings_dict["USER"]:
        admit_application(connections["owner"], name=application["USER"], password=application["PASSWORD"])


def _answer(
    workspace: Workspace, admin: str, *, created: bool, password: str | None = None, token: str | None = None
) -> dict[str, Any]:
    return {
        "created": created,
        "workspace": workspace.tag,
        "admin_user": admin,
        "admin_password": password,
        "access_key": token,
    }
