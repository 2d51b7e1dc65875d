from __future__ import annotations

import sys

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import Progress

from control_plane.rotation.levels import Work
from control_plane.rotation.rewriting import Enter, Outcome, rewrite


def rewrite_shown(work: Work, enter: Enter, out: OutputWrapper) -> Outcome:
    """`rewrite` with a progress bar, where somebody is looking, and a line at its end."""
    table = work.model._meta.db_table
    with enter():
        rows = work.rows().count()
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task(table, total=rows)
        outcome = rewrite(work, enter=enter, said=lambda written: progress.advance(bar, written))
    out.write(f"{outcome.written} rows of {table} written anew")
    return outcome
