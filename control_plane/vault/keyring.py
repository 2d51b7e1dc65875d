"""The keys a process was given, read from a directory of files.

    installation.json    {"id"}                              control and runner
    at_rest.json         {"active", "keys": {kid: secret}}   control and runner
    root.public.json     {"active", "keys": {kid: public}}   control and runner
    root.private.json    {"keys": {kid: private}}            runner only
    token_pepper         text                                control and runner
    django_secret        text                                control only

What a role may do follows from the files it has: without `root.private.json` nothing that is sealed can be opened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from ductape.sealing import b64_decode


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


@cache
def load_keyring(directory: Path) -> Keyring:
    """Read the key files of a role.

    Raises:
        KeyFilesMissing: the directory or one of its files is not there or not readable.
    """
    at_rest = _read(directory, "at_rest.json")
    public = _read(directory, "root.public.json")
    private = _read(directory, "root.private.json") if (directory / "root.private.json").exists() else {"keys": {}}
    return Keyring(
        installation=_read(directory, "installation.json")["id"],
        at_rest_active=at_rest["active"],
        at_rest={kid: b64_decode(secret) for kid, secret in at_rest["keys"].items()},
        root_active=public["active"],
        root_public={kid: X25519PublicKey.from_public_bytes(b64_decode(k)) for kid, k in public["keys"].items()},
        root_private={kid: X25519PrivateKey.from_private_bytes(b64_decode(k)) for kid, k in private["keys"].items()},
        token_pepper=_text(directory, "token_pepper").encode(),
    )


class KeyFilesMissing(Exception):
    def __init__(self, path: Path) -> None:
        super().__init__(f"key file {path} cannot be read; run `manage.py keys init` or set DUCTAPE_KEYS_DIR")


def _read(directory: Path, name: str) -> Any:
    return json.loads(_text(directory, name))


def _text(directory: Path, name: str) -> str:
    path = directory / name
    try:
        return path.read_text().strip()
    except OSError:
        raise KeyFilesMissing(path) from None
