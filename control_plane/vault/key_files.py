"""Make the first key files of an installation, one directory a role. Existing files are never touched."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ductape.sealing import b64_encode

ROLES: dict[str, tuple[str, ...]] = {
    "control": ("installation.json", "at_rest.json", "root.public.json", "token_pepper", "django_secret"),
    "runner": ("installation.json", "at_rest.json", "root.public.json", "root.private.json", "token_pepper"),
}


def init_key_files(directory: Path) -> list[Path]:
    """Write what is missing under `directory/control` and `directory/runner`.

    Returns:
        The files written; none when the installation has its keys already.

    Raises:
        FileExistsError: some of the files are there and others are not; new ones would orphan what the old sealed.
    """
    wanted = [directory / role / name for role, names in ROLES.items() for name in names]
    present = [path for path in wanted if path.exists()]
    if len(present) == len(wanted):
        return []
    if present:
        missing = next(path for path in wanted if not path.exists())
        raise FileExistsError(f"{missing} is missing beside existing key files; restore it from your copy")
    contents = _new_contents()
    for path in wanted:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_private(path, contents[path.name])
    return wanted


def _new_contents() -> dict[str, str]:
    root = X25519PrivateKey.generate()
    public = b64_encode(root.public_key().public_bytes_raw())
    at_rest = b64_encode(secrets.token_bytes(32))
    return {
        "installation.json": json.dumps({"id": f"ins_{secrets.token_hex(8)}"}),
        "at_rest.json": json.dumps({"active": "a1", "keys": {"a1": at_rest}}),
        "root.public.json": json.dumps({"active": "r1", "keys": {"r1": public}}),
        "root.private.json": json.dumps({"keys": {"r1": b64_encode(root.private_bytes_raw())}}),
        "token_pepper": secrets.token_urlsafe(32),
        "django_secret": secrets.token_urlsafe(50),
    }


def _write_private(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
