from __future__ import annotations

import os
import pwd
from typing import Any

from django.core.management import BaseCommand

from control_plane.audit.actors import Actor, Kind, acting


class OperatorCommand(BaseCommand):
    """Base of the commands that change something: what they do is recorded as the operator's doing."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        name = " ".join(filter(None, [type(self).__module__.rpartition(".")[2], options.get("verb")]))
        with acting(Actor(Kind.OPERATOR, id=_account(), name=name)):
            return super().execute(*args, **options)


def _account() -> str:
    """Of the machine, from the process and not from its environment, which says what it likes."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
