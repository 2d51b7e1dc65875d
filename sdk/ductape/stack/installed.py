from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ductape.stack.errors import StackError

EVERYTHING = "pip install 'ductape[runner,local,embedded]'"
_CONTROL_AND_RUNNER = ("django", "granian", "psycopg", "redis", "aiohttp", "celery")
_HOST = ("torch", "transformers", "celery", "redis")


def require_server() -> None:
    _require("control and runner", _CONTROL_AND_RUNNER)


def require_host() -> None:
    _require("local models", _HOST)


def has_host() -> bool:
    return not _missing(_HOST)


def folder_of(package: str, instead: str) -> Path:
    """Where an installed package lies; found, not imported, because these packages do things when imported.

    Raises:
        StackError: it is not installed; `instead` is the setting that makes it unnecessary.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise StackError(f"{package} is not installed: {EVERYTHING}, or set {instead}")
    return Path(spec.origin).parent


def _require(what: str, modules: tuple[str, ...]) -> None:
    missing = _missing(modules)
    if missing:
        raise StackError(f"{what} need {', '.join(missing)}: {EVERYTHING}")


def _missing(modules: tuple[str, ...]) -> list[str]:
    return [module for module in modules if find_spec(module) is None]
