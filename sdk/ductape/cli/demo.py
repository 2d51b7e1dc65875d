from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import chain, islice

from rich.console import Console

from ductape import Ductape
from ductape.cli import quickstart, report
from ductape.errors import ConflictError, DuctapeError
from ductape.stack import Stack, StackError, StackOptions
from ductape.stack.progress import Progress
from ductape.types.runs import Run

_CREATE: list[Callable[[Ductape], None]] = [
    quickstart.create_product,
    quickstart.create_model,
    quickstart.define_agent,
]


def run(options: StackOptions, question: str) -> None:
    """Starts the stack, runs the demo, stops the stack.

    Raises:
        StackError: something did not start, or the run did not complete.
        DuctapeError: the server refused.
    """
    with Stack(options) as stack:
        show(stack, question)
        report.print_admin(stack)


def show(stack: Stack, question: str) -> None:
    """Everything through the SDK: creates what is not there, asks, and prints the answer as it comes."""
    console = Console(highlight=False)
    with _client(stack) as client:
        try:
            for create in _CREATE:
                # There already, from an earlier demo on the same data.
                with suppress(ConflictError):
                    create(client)
            run = _ask(client, question, console)
        except DuctapeError:
            # A child that died is the better explanation.
            stack.check()
            raise
    if run.status != "completed":
        raise StackError(f"the run {run.status}: {run.error.message if run.error else run.stop_reason}")
    report.print_run(run, console)


def _client(stack: Stack) -> Ductape:
    access_key = stack.credentials.access_key
    if access_key is None:
        raise StackError(f"no access key is kept in {stack.credentials_file}: give --data a new folder")
    return Ductape(base_url=stack.control_url, runner_url=stack.runner_url, access_key=access_key)


def _ask(client: Ductape, question: str, console: Console) -> Run:
    console.print(f"\n> {question}\n", markup=False)
    events = quickstart.ask(client, question)
    with Progress().step("Waiting for the first token"):
        # The first event is that the run has started.
        begun = list(islice(events, 2))
    for event in chain(begun, events):
        if event.type == "message_delta":
            print(_printable(event.text), end="", flush=True)
        if event.type == "run_ended":
            print()
            return event.run
    raise StackError("the run's stream ended before the run did: the log of the runner has the details")


def _printable(text: str) -> str:
    """A model's words cannot move the cursor or retitle the terminal."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
