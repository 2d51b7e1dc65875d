from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Spinner
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn


class Progress:
    """Says on stderr what is being done and how long it took. In a terminal a spinner and a clock run meanwhile."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=quiet)

    def note(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """A failed step prints nothing: its error does."""
        begun = time.monotonic()
        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
        with Spinner(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as spinner:
            spinner.add_task(doing, total=None)
            yield
        self._console.print(f"{doing:<44}{time.monotonic() - begun:6.1f} s", markup=False)
