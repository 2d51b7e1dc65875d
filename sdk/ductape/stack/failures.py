from __future__ import annotations

import re
import signal

from ductape.scrubbing import scrub
from ductape.stack import disk
from ductape.stack.child import Child

# What a log says -> what to do. The first that is found counts.
_ADVICE = {
    "No space left on device": "the disk is full: free some space and start again",
    "database files are incompatible with server": (
        "the data is of another PostgreSQL major version: dump it with that one and restore it, or give other --data"
    ),
    "Address already in use": "the port was taken meanwhile: stop the other program or give another port",
    "No module named": "an extra is missing: pip install 'ductape[runner,local,embedded]'",
    "Can't open the append-only file": "its folder cannot be read or written: check who owns it",
    "the append only file": (
        "the data of Valkey is damaged: restore its folder from a backup, or move it away (it holds nothing final)"
    ),
}
_TELLING = re.compile(r"FATAL|PANIC|\bERROR\b|Error\b|error:|Bad file format|Can't|CRITICAL")


def why_it_ended(child: Child) -> str:
    """One line: who ended, how, the line of its log that says why, what to do, where the log is."""
    log = child.log.read_text(errors="replace")
    if disk.is_full(child.log.parent):
        log += "\nNo space left on device"
    telling = _telling_line(log) or "its log is empty"
    advice = next((step for text, step in _ADVICE.items() if text in log), "the log has the details")
    return f"{child.name} stopped ({_status(child)}): {scrub(telling)} - {advice}. Log: {child.log}"


def last_lines(child: Child, count: int = 5) -> str:
    lines = child.log.read_text(errors="replace").splitlines()
    return scrub("\n".join([line for line in lines if line.strip()][-count:]))


def _telling_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    return (telling or lines or [""])[-1]


def _status(child: Child) -> str:
    code = child.process.returncode
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
