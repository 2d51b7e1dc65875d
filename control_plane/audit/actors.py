"""Who is changing something. It is said once, where a request, a command or the admin enters, and read where entries
are written, so that no service has to pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    TOKEN = "token"  # noqa: S105  # a word, no token
    """A caller of the API."""
    USER = "user"
    """Somebody in the admin."""
    OPERATOR = "operator"
    """A command of `manage.py`."""
    SERVER = "server"
    """Nobody asked: the server works for itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    kind: Kind
    id: str = ""
    """Of the token or the user; of an operator the account on the machine."""
    name: str = ""
    """Of the token, the user or the command."""
    member: str = ""
    """The user name of the member whom the token acts for."""
    request_id: str = ""
    address: str = ""
    """Where the connection came from: behind a proxy, the proxy."""


THE_SERVER = Actor(Kind.SERVER)
_current: ContextVar[Actor] = ContextVar("actor", default=THE_SERVER)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)


def current_actor() -> Actor:
    return _current.get()
