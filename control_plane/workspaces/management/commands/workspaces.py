from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.db import IntegrityError
from pydantic import TypeAdapter, ValidationError

from control_plane.audit.commands import OperatorCommand
from control_plane.workspaces.models import Workspace
from control_plane.workspaces.services import create_workspace
from ductape.types.names import Tag


class Command(OperatorCommand):
    help = "Create and list workspaces."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="a new, empty workspace; then: tokens issue")
        create.add_argument("tag")
        create.add_argument("--name", help="the tag unless given")
        verbs.add_parser("list", help="tags and names")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "create":
            return self._create(options["tag"], options["name"] or options["tag"])
        for workspace in Workspace.objects.order_by("tag"):
            self.stdout.write(f"{workspace.tag}\t{workspace.name}")

    def _create(self, tag: str, name: str) -> None:
        try:
            TypeAdapter(Tag).validate_python(tag)
            create_workspace(tag=tag, name=name)
        except ValidationError:
            raise CommandError(f"{tag!r} is no tag: give up to 63 of a-z, 0-9, - and _") from None
        except IntegrityError:
            raise CommandError(f"there is a workspace {tag!r} already; choose another tag") from None
        self.stdout.write(f"created {tag}; next: tokens issue {tag} --name <name> --scope admin")
