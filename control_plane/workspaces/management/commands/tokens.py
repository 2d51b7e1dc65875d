from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management import CommandError

from control_plane.audit.commands import OperatorCommand
from control_plane.workspaces.models import AccessToken, Scope, Workspace
from control_plane.workspaces.reach import Reach
from control_plane.workspaces.services import find_token, issue, revoke


class Command(OperatorCommand):
    help = "Issue, list and revoke access tokens where the API cannot: before the first one, and in an emergency."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        issue = verbs.add_parser("issue", help="print a new token; it is shown this once")
        issue.add_argument("workspace")
        issue.add_argument("--name", required=True)
        issue.add_argument("--scope", action="append", required=True, choices=Scope.values)
        issue.add_argument("--product", action="append", help="bind it to this product; may be repeated")
        issue.add_argument("--env", action="append", help="bind it to this environment; may be repeated")
        issue.add_argument("--days", type=int, default=90, help="until it expires, 365 at most")
        revoke = verbs.add_parser("revoke", help="end a token at once")
        revoke.add_argument("id", help="its id, or - to read a leaked token from standard input")
        listing = verbs.add_parser("list", help="tab-separated, one a line")
        listing.add_argument("workspace")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "issue":
                self._issue(options)
            case "revoke":
                self._revoke(options["id"])
            case "list":
                self._list(options["workspace"])

    def _issue(self, options: dict[str, Any]) -> None:
        if not 1 <= options["days"] <= 365:
            raise CommandError("--days: give a number from 1 to 365")
        issued = issue(
            workspace_id=_workspace(options["workspace"]).id,
            name=options["name"],
            scopes=[Scope(scope) for scope in options["scope"]],
            lifetime=timedelta(days=options["days"]),
            reach=Reach.of(options["product"], options["env"]),
        )
        self.stdout.write(issued.token)

    def _revoke(self, given: str) -> None:
        token = _token(given)
        revoke(AccessToken.objects.filter(id=token.id))
        self.stdout.write(f"revoked {token.id} {token}")

    def _list(self, workspace: str) -> None:
        for token in _workspace(workspace).access_tokens.order_by("id"):
            ended = f"revoked {token.revoked_at:%F %T}" if token.revoked_at else f"expires {token.expires_at:%F %T}"
            used = f"used {token.last_used_at:%F %T}" if token.last_used_at else "never used"
            self.stdout.write("\t".join([str(token.id), str(token), ",".join(token.scopes), ended, used]))


def _workspace(tag: str) -> Workspace:
    found = Workspace.objects.filter(tag=tag).first()
    if found is None:
        raise CommandError(f"no workspace {tag!r}; `workspaces list` shows them")
    return found


def _token(given: str) -> AccessToken:
    # Never as an argument: command lines are readable by every user of the machine.
    found = find_token(sys.stdin.read().strip()) if given == "-" else _by_id(given)
    if found is None:
        raise CommandError("no such token; `tokens list <workspace>` shows their ids")
    return found


def _by_id(given: str) -> AccessToken | None:
    try:
        return AccessToken.objects.filter(id=UUID(given)).first()
    except ValueError:
        return None
