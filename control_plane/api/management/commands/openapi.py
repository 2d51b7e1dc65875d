from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand

from control_plane.api.openapi import document


class Command(BaseCommand):
    help = "Write the OpenAPI document to a file."
    # It looks at the code alone.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", default=Path("docs/openapi.json"))

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        file.write_text(json.dumps(document(), indent=2, ensure_ascii=False) + "\n")
        self.stdout.write(f"wrote {file}")
