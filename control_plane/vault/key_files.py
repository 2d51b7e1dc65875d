"""Write the key files of an installation, one directory a role, below one directory that `manage.py keys` is given."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from control_plane.vault.key_formats import Entry, dump, dump_private
from control_plane.vault.key_states import KeyState

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


def copy_to_escrow(directory: Path, escrow: Path) -> None:
    """Copy all that a runner needs to open keys to a new directory.

    Raises:
        OSError: it is there already, or cannot be written.
    """
    texts = {name: (directory / "runner" / name).read_text().strip() for name in ROLES["runner"]}
    escrow.mkdir(parents=True, mode=0o700)
    for name, text in texts.items():
        _write_private(escrow / name, text)


def replace_in_roles(directory: Path, name: str, text: str) -> None:
    """Replace one file in each role's directory that has it. A process that reads sees the old or the new one whole.

    Interrupted between two roles it is done by doing it again.
    """
    for role in _roles_with(directory, name):
        _replace_private(directory / role / name, text)


def read_from_roles(directory: Path, name: str) -> Path:
    """Where the file is to be read: in the first role's directory that has it, which is written first.

    Raises:
        FileNotFoundError: no role has it.
    """
    roles = _roles_with(directory, name)
    if not roles:
        raise FileNotFoundError(f"no {name} below {directory}; give --dir the directory that `keys init` wrote")
    return directory / roles[0] / name


def new_at_rest_key() -> bytes:
    return secrets.token_bytes(32)


def new_root_pair() -> tuple[bytes, bytes]:
    """Private and public half."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def _roles_with(directory: Path, name: str) -> Sequence[str]:
    return [role for role in sorted(ROLES, reverse=True) if (directory / role / name).exists()]


def _new_contents() -> Mapping[str, str]:
    private, public = new_root_pair()
    return {
        "installation.json": json.dumps({"id": f"ins_{secrets.token_hex(8)}"}),
        "at_rest.json": dump({"a1": Entry(KeyState.ACTIVE, new_at_rest_key())}),
        "root.public.json": dump({"r1": Entry(KeyState.ACTIVE, public)}),
        "root.private.json": dump_private({"r1": private}),
        "token_pepper": secrets.token_urlsafe(32),
        "django_secret": secrets.token_urlsafe(50),
    }


def _replace_private(path: Path, content: str) -> None:
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    owner = path.stat()
    _write_private(new, content)
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(new, owner.st_uid, owner.st_gid)
    os.chmod(new, owner.st_mode & 0o777)
    os.replace(new, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_private(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
