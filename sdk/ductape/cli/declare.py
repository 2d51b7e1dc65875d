from __future__ import annotations

import os
import sys
from pathlib import Path

import typer
from rich.console import Console

from ductape import Ductape
from ductape.declared.applying import apply as apply_step
from ductape.declared.document import dump, load
from ductape.declared.exporting import export as export_product
from ductape.declared.planning import Step, plan
from ductape.errors import NotFoundError


def export(product: str) -> None:
    """Prints the product as YAML.

    Raises:
        DuctapeError: the server refused.
    """
    with Ductape() as client:
        print(dump(export_product(client, product)), end="")


def check(product: str | None, env: str | None) -> None:
    """Prints what could not run in the environment, and why.

    Raises:
        DuctapeError: the server refused.
        typer.Exit: 1 when there is something.
    """
    with Ductape() as client:
        found = client.product.readiness(tag=product, env=env)
    for item in found.items:
        why = f"  {item.reason.code}: {item.reason.message}" if item.reason else ""
        print(f"{'ok ' if item.ready else 'NO '} {item.kind} {item.tag}{why}")
    if not found.ready:
        raise typer.Exit(1)


def apply(file: Path, *, yes: bool, dry_run: bool) -> None:
    """Shows what differs, asks, and makes it so.

    Raises:
        DuctapeError: the file says what cannot be, or the server refused a step.
        typer.Exit: 1 when the answer was no.
    """
    document = load(file)
    with Ductape() as client:
        steps = plan(document, _current(client, document.product.tag), os.environ)
        _show(steps)
        if dry_run or not steps:
            return
        if not yes and not typer.confirm("Apply?"):
            raise typer.Exit(1)
        for step in steps:
            apply_step(client, document.product.tag, step)
        print(f"applied {len(steps)}", file=sys.stderr)


def _current(client: Ductape, product: str) -> dict[str, object] | None:
    try:
        return export_product(client, product)
    except NotFoundError:
        return None


def _show(steps: list[Step]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not steps:
        console.print("nothing differs")
    for step in steps:
        mark, what = ("+", "") if step.verb == "create" else ("~", f"  {', '.join(step.differs)}")
        console.print(f"{mark} {step.kind} {step.tag}{what}", markup=False)
