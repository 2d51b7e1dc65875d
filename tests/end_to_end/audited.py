"""A `sitecustomize` for every process of a stack, which writes down whom it connects to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

_SITECUSTOMIZE = """
import json, os, sys

def watch(event, args):
    if event == "socket.connect" and not isinstance(args[1], (str, bytes)):
        with open({log!r}, "a") as log:
            log.write(json.dumps([" ".join(sys.orig_argv), *args[1][:2]]) + chr(10))

sys.addaudithook(watch)
with open({log!r}, "a") as log:
    log.write(json.dumps([" ".join(sys.orig_argv), None, None]) + chr(10))
"""


class Seen(NamedTuple):
    """A connection to an internet address; without one: the start of a process."""

    command: str
    address: str | None
    port: int | None


def install(folder: Path) -> Path:
    """Write it down into `folder`, which then goes into PYTHONPATH. Gives the file of what is seen."""
    log = folder / "connections"
    (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE.format(log=str(log)))
    return log


def seen(log: Path) -> list[Seen]:
    return [Seen(*json.loads(line)) for line in log.read_text().splitlines()]
