"""The keys a process was given, read from a directory of files and read again when they change.

    installation.json    {"id"}                        control and runner
    at_rest.json         secrets with their states     control and runner
    root.public.json     public keys with theirs       control and runner
    root.private.json    {"keys": {kid: private}}      runner only
    token_pepper         text                          control and runner
    django_secret        text                          control only

What a role may do follows from the files it has: without `root.private.json` nothing that is sealed can be opened.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from control_plane.vault.key_formats import openable, parse, parse_private, states_of
from control_plane.vault.key_states import active_of

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_SECONDS = 1.0
"""How often the files are looked at, at most."""
_NAMES = ("installation.json", "at_rest.json", "root.public.json", "root.private.json", "token_pepper")
_TOO_OPEN = 0o027  # written by the group, or anything by others


@dataclass(frozen=True, slots=True)
class Keyring:
    installation: str
    at_rest_active: str
    at_rest: dict[str, bytes] = field(repr=False)
    root_active: str
    root_public: dict[str, X25519PublicKey] = field(repr=False)
    root_private: dict[str, X25519PrivateKey] = field(repr=False)
    token_pepper: bytes = field(repr=False)

    @property
    def can_open(self) -> bool:
        return bool(self.root_private)

    @property
    def holds(self) -> list[str]:
        """Names of the keys that this process can do its part with: a runner's part is to open."""
        root = self.root_private if self.can_open else self.root_public
        return [*(f"at-rest {kid}" for kid in self.at_rest), *(f"root {kid}" for kid in root)]

    @property
    def seals_with(self) -> list[str]:
        return [f"at-rest {self.at_rest_active}", f"root {self.root_active}"]


class KeyFilesMissing(Exception):
    def __init__(self, path: Path) -> None:
        super().__init__(f"key file {path} cannot be read; run `manage.py keys init` or set DUCTAPE_KEYS_DIR")


class KeyFileRefused(Exception):
    """A key file is not what it should be. The message says why, and nothing of what is in it."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"key file {path}: {why}")


@dataclass(slots=True)
class _Read:
    ring: Keyring = field(repr=False)
    stamps: tuple[object, ...]
    looked_at: float


_read: dict[Path, _Read] = {}
_lock = threading.Lock()


def load_keyring(directory: Path) -> Keyring:
    """The keys of a role. Changed files take effect within a second; ones that cannot be read change nothing.

    Raises:
        KeyFilesMissing: the directory or one of its files is not there or not readable.
        KeyFileRefused: one is malformed or open to others.
    """
    known = _read.get(directory)
    if known is not None and time.monotonic() - known.looked_at < LOOK_SECONDS:
        return known.ring
    with _lock:
        return _look(directory, _read.get(directory))


def read_keyring(directory: Path) -> Keyring:
    """Raises: KeyFilesMissing, KeyFileRefused: see `load_keyring`."""
    at_rest = _parsed(directory, "at_rest.json", parse)
    public = _parsed(directory, "root.public.json", parse)
    opening = openable(public)
    private = _parsed(directory, "root.private.json", parse_private) if _is_runner(directory) else {}
    return Keyring(
        installation=_parsed(directory, "installation.json", _installation),
        at_rest_active=active_of(states_of(at_rest)),
        at_rest=openable(at_rest),
        root_active=active_of(states_of(public)),
        root_public={kid: X25519PublicKey.from_public_bytes(key) for kid, key in opening.items()},
        root_private={kid: X25519PrivateKey.from_private_bytes(key) for kid, key in private.items() if kid in opening},
        token_pepper=key_text(directory / "token_pepper").encode(),
    )


def key_text(path: Path) -> str:
    """Raises: KeyFilesMissing; KeyFileRefused: others than its owner and group could read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise KeyFilesMissing(path) from None
    if mode & _TOO_OPEN:
        raise KeyFileRefused(path, f"others could read or change it (mode {mode & 0o777:o}); chmod 400 it")
    return text


def _look(directory: Path, known: _Read | None) -> Keyring:
    stamps = tuple(_stamp(directory / name) for name in _NAMES)
    if known is None:
        known = _read[directory] = _Read(read_keyring(directory), stamps, time.monotonic())
    known.looked_at = time.monotonic()
    if stamps != known.stamps:
        known.stamps = stamps
        _read_again(directory, known)
    return known.ring


def _read_again(directory: Path, known: _Read) -> None:
    try:
        known.ring = read_keyring(directory)
    except (KeyFilesMissing, KeyFileRefused) as error:
        logger.error("the key files changed and cannot be used, the ones before stay in use: %s", error)
    else:
        logger.info("key files read again: %s", ", ".join(known.ring.holds))


def _stamp(path: Path) -> object:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _is_runner(directory: Path) -> bool:
    return (directory / "root.private.json").exists()


def _parsed(directory: Path, name: str, parser: Callable[[str], T]) -> T:
    path = directory / name
    text = key_text(path)
    try:
        return parser(text)
    except ValueError as error:
        reason = str(error)
    # Raised out here: as its context the original would carry the file's text along.
    raise KeyFileRefused(path, f"{reason}; restore it from your copy")


def _installation(text: str) -> str:
    try:
        found = json.loads(text)["id"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str) or not found:
        raise ValueError('it is no JSON object with an "id"')
    return found
