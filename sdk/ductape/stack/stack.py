from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ductape.stack import disk, folders, installed, ports
from ductape.stack.child import Child
from ductape.stack.credentials import Credentials
from ductape.stack.errors import StackError
from ductape.stack.failures import last_lines, why_it_ended
from ductape.stack.family import Family
from ductape.stack.lock import Lock
from ductape.stack.options import StackOptions
from ductape.stack.postgres import Postgres
from ductape.stack.progress import Progress
from ductape.stack.roles import Place
from ductape.stack.services import Database, GivenDatabase, GivenRedis, Service
from ductape.stack.startup import Startup
from ductape.stack.valkey import Valkey

_WATCH_SECONDS = 0.3


class Stack:
    """A whole Ductape on one machine, as children of this process.

    `with Stack(options) as stack:` starts it and stops it, whatever happens in between. Start it in a thread that
    outlives it: the kernel ends the children when that thread ends.
    """

    data: Path
    """The data directory, absolute."""
    control_url: str
    runner_url: str
    database_url: str
    """The application's, whom the policies of the tables bind."""
    database_owner_url: str
    redis_url: str
    credentials: Credentials
    """Not there with `services_only`."""

    def __init__(self, options: StackOptions) -> None:
        self._options = options
        self._progress = Progress(quiet=options.quiet)

    def __enter__(self) -> Self:
        """
        Raises:
            StackError: it cannot start. Nothing is left running.
        """
        self._require_extras()
        try:
            with ExitStack() as cleanup:
                self._start(cleanup)
                self._cleanup = cleanup.pop_all()
        except OSError as error:
            raise StackError(f"{error}: check the owner and the free space of {self._options.data}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._progress.step("Stopping"):
            self._cleanup.close()

    @property
    def logs_dir(self) -> Path:
        return self.data / "logs"

    @property
    def credentials_file(self) -> Path:
        return self.data / "credentials.json"

    def process(self, name: str) -> Child:
        """postgres, valkey, control, runner or host."""
        return self._family[name]

    def check(self) -> None:
        """
        Raises:
            StackError: a child has ended.
        """
        self._family.check()

    def wait(self) -> None:
        """Watches the children, forever.

        Raises:
            StackError: one of them ended.
        """
        while (child := self._family.ended()) is None:
            time.sleep(_WATCH_SECONDS)
        raise StackError(f"{why_it_ended(child)}\n{last_lines(child)}")

    def _require_extras(self) -> None:
        if not self._options.services_only:
            installed.require_server()
        if self._options.demo_model:
            installed.require_host()

    def _start(self, cleanup: ExitStack) -> None:
        self._open_data(cleanup)
        self._start_services()
        if not self._options.services_only:
            startup = Startup(self._family, self._place(), self._progress)
            self.credentials = startup.run(demo_model=self._options.demo_model)

    def _open_data(self, cleanup: ExitStack) -> None:
        self.data = folders.open_data(self._options.data)
        lock = Lock(self.data)
        cleanup.callback(lock.release)
        self._reserve_ports(cleanup)
        lock.say(self.control_url)
        self._require_disk()
        with self._progress.step("Opening the data directory"):
            lock.wait_for_earlier_children()
        self.logs_dir.mkdir(mode=0o700, exist_ok=True)
        self._sockets = folders.open_sockets(self.data)
        self._family = Family(cwd=self.data, logs=self.logs_dir, keep_fd=lock.children, last=self._sockets)
        cleanup.callback(self._family.stop)

    def _reserve_ports(self, cleanup: ExitStack) -> None:
        given = self._options
        control = cleanup.enter_context(ports.reserve(given.host, given.port, 8700, "--port"))
        runner = cleanup.enter_context(ports.reserve(given.host, given.runner_port, 8701, "--runner-port"))
        self._port, self._runner_port = control.getsockname()[1], runner.getsockname()[1]
        self.control_url = ports.url(given.host, self._port)
        self.runner_url = ports.url(given.host, self._runner_port)

    def _require_disk(self) -> None:
        if (self.data / "postgres").exists():
            disk.require_free(self.data, disk.AGAIN_MB)
        else:
            disk.require_free(self.data, disk.SERVICES_MB + disk.MODEL_MB * self._options.demo_model)

    def _start_services(self) -> None:
        given, own = self._options, (self._family, self.data, self._sockets)
        database = _database(given) or Postgres(*own)
        redis: Service = GivenRedis(given.redis_url) if given.redis_url else Valkey(*own)
        with self._progress.step("Starting PostgreSQL and Valkey"):
            redis.start()
            database.start()
            redis.wait()
            database.wait()
        self.database_url, self.database_owner_url, self.redis_url = database.url, database.owner_url, redis.url

    def _place(self) -> Place:
        models = (self._options.models_dir or self.data / "models").expanduser().absolute()
        return Place(
            data=self.data, models=models, host=self._options.host, port=self._port, runner_port=self._runner_port,
            database_url=self.database_url, database_owner_url=self.database_owner_url, redis_url=self.redis_url,
        )  # fmt: skip


def _database(options: StackOptions) -> Database | None:
    return GivenDatabase(options.database_url, options.database_owner_url) if options.database_url else None
