"""The `ductape` command."""


def main() -> None:
    # The command line is loaded only when it is one.
    from ductape.cli.app import app

    app(prog_name="ductape")
