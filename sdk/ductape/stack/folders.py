from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from ductape.stack.errors import StackError

_LONGEST_SOCKET_FOLDER = 80
"""Bytes. A socket's path may have 103 on macOS, and PostgreSQL adds 18 of its own."""
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")


def open_data(data: Path) -> Path:
    """The data directory, created for us alone unless it is there; absolute.

    Raises:
        StackError: it cannot be created, or holds something else.
    """
    try:
        data = data.expanduser().resolve()
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(data.iterdir()):
            data.chmod(0o700)
        elif not (data / "lock").exists():
            raise StackError(f"{data} is not empty and not a data directory of Ductape: give --data another folder")
    except OSError as error:
        raise StackError(f"cannot use {data}: {error.strerror}. Give --data a folder of your own") from None
    return data


def open_sockets(data: Path) -> Path:
    """An empty folder for sockets, which only we may enter: in the data directory, unless its path is too long."""
    folder = data / "run"
    if len(bytes(folder)) > _LONGEST_SOCKET_FOLDER or not _PLAIN.fullmatch(str(folder)):
        return Path(tempfile.mkdtemp(prefix="ductape-"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder
