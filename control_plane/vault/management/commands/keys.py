from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from control_plane.vault.key_files import init_key_files


class Command(BaseCommand):
    help = "Make and look after the key files of an installation."
    # It runs before there is a secret key or a database.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        init = verbs.add_parser("init", help="write the first key files; existing ones are never touched")
        init.add_argument("--dir", type=Path, default=Path(".ductape/keys"))

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["dir"]
        try:
            written = init_key_files(directory)
        except OSError as error:
            raise CommandError(f"key files: {error.strerror or error}") from None
        if not written:
            self.stdout.write(f"{directory} has its key files already; nothing was changed")
            return
        self.stdout.write(f"wrote {len(written)} key files below {directory}")
        self.stdout.write(f"give {directory}/control to control and {directory}/runner to the runners, to nobody else")
        self.stdout.write(f"keep a copy of {directory} apart from the database: without it no provider key ever opens")
