from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from control_plane.audit.verifying import Head, heads, verify
from control_plane.tenancy.entering import as_operator


class Command(BaseCommand):
    help = "Verify the log of what happened, and print its heads to keep them elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="walk every chain; exit status 1 and the first broken link of each")
        check.add_argument("--heads", help="a file that `audit head` wrote before, or - for standard input")
        verbs.add_parser("head", help="the last entry of each chain, tab-separated: workspace, lane, entry, hash")

    def handle(self, *args: Any, **options: Any) -> None:
        with as_operator():
            if options["verb"] == "head":
                self.stdout.writelines(f"{head}\n" for head in heads())
            else:
                self._verify(_read(options["heads"]) if options["heads"] else [])

    def _verify(self, kept: list[Head]) -> None:
        verdict = verify(kept)
        if verdict.faults:
            raise CommandError("\n".join(verdict.faults))
        against = f" and {len(kept)} kept heads" if kept else ""
        self.stdout.write(f"{verdict.entries} entries in {verdict.lanes} chains{against}: all as written")


def _read(path: str) -> list[Head]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        return [Head.parse(line) for line in text.splitlines() if line]
    except OSError as error:
        raise CommandError(f"--heads: {error.strerror}") from None
    except ValueError:
        raise CommandError("--heads: give what `audit head` printed") from None
