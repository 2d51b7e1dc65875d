from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from ductape.errors import DuctapeError
from ductape.stack import StackError, StackOptions, signals

QUESTION = "What is the capital of France?"

app = typer.Typer(
    help="Ductape: the control plane for LLM models and agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[Path, typer.Option(help="The data directory.")]
Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int | None, typer.Option(help="Port of control: 8700, or any free one.", show_default=False)]
RunnerPort = Annotated[int | None, typer.Option(help="Port of the runner: 8701, or any free one.", show_default=False)]
Models = Annotated[
    Path | None,
    typer.Option(envvar="DUCTAPE_MODELS_DIR", help="The folder of local models: models/ in the data directory."),
]
Ask = Annotated[str, typer.Option(help="What to ask the demo's agent.")]


@app.callback(invoke_without_command=True)
def ductape(show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if show_version:
        print(f"ductape {version('ductape')}")
        raise typer.Exit


@app.command()
def up(
    data: Data = Path(".ductape"),
    host: Host = "127.0.0.1",
    port: Port = None,
    runner_port: RunnerPort = None,
    models_dir: Models = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Create the demo's product, model and agent, and ask it.")
    ] = False,
    ask: Ask = QUESTION,
) -> None:
    """Start Ductape on this machine, until Ctrl-C."""
    from ductape.cli.up import run

    options = StackOptions(
        data=data, host=host, port=port, runner_port=runner_port, models_dir=models_dir, demo_model=demo
    )
    with _one_line_for_an_error():
        run(options, ask if demo else None)


@app.command()
def demo(
    ask: Ask = QUESTION,
    data: Data = Path(".ductape"),
    host: Host = "127.0.0.1",
    port: Port = None,
    runner_port: RunnerPort = None,
    models_dir: Models = None,
) -> None:
    """Start Ductape with a local model, let an agent answer a question, and stop it."""
    from ductape.cli.demo import run

    options = StackOptions(
        data=data, host=host, port=port, runner_port=runner_port, models_dir=models_dir, demo_model=True
    )
    with _one_line_for_an_error():
        run(options, ask)


@app.command()
def export(product: Annotated[str, typer.Argument(help="Tag of the product.")]) -> None:
    """Print a product as YAML, without secrets."""
    from ductape.cli import declare

    with _one_line_for_an_error():
        declare.export(product)


@app.command()
def check(
    product: Annotated[str | None, typer.Argument(help="Tag of the product; DUCTAPE_PRODUCT unless given.")] = None,
    env: Annotated[str | None, typer.Option(help="The environment; DUCTAPE_ENV unless given.")] = None,
) -> None:
    """Say which models and agents could not run in an environment; exits with 1 if there are any."""
    from ductape.cli import declare

    with _one_line_for_an_error():
        declare.check(product, env)


@app.command()
def apply(
    file: Annotated[Path, typer.Option("--file", "-f", help="The YAML file, as `ductape export` writes it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what differs.")] = False,
) -> None:
    """Make a product what a file says. Keys come from the variables that it refers to, sealed here."""
    from ductape.cli import declare

    with _one_line_for_an_error():
        declare.apply(file, yes=yes, dry_run=dry_run)


@app.command()
def seal(
    product: Annotated[str, typer.Option(help="Tag of the product.")],
    model: Annotated[str, typer.Option(help="Tag of the model.")],
    env: Annotated[str, typer.Option(help="Slug of the environment.")],
    provider: Annotated[str, typer.Option(help="The model's provider, as openai.")],
    base_url: Annotated[str | None, typer.Option(help="The model's base URL in this environment, if any.")] = None,
) -> None:
    """Seal a provider key, read from standard input or asked for, and print what curl sends as sealed_api_key."""
    from ductape.cli.seal import run

    with _one_line_for_an_error():
        run(product=product, model=model, env=env, provider=provider, base_url=base_url)


@contextmanager
def _one_line_for_an_error() -> Iterator[None]:
    try:
        with signals.raised():
            yield
    except signals.Interrupted as interrupted:
        raise typer.Exit(interrupted.exit_code) from None
    except (StackError, DuctapeError) as error:
        print(f"ductape: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
