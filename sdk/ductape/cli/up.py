from __future__ import annotations

from contextlib import suppress

from ductape.cli import demo, report
from ductape.stack import Stack, StackOptions, signals


def run(options: StackOptions, question: str | None) -> None:
    """Starts the stack and stays until it is asked to stop.

    Raises:
        StackError: it did not start, or a part of it ended.
    """
    with Stack(options) as stack:
        if question is not None:
            demo.show(stack, question)
        report.print_addresses(stack)
        with suppress(signals.Interrupted):
            stack.wait()
