from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path

from ductape.stack import credentials, installed, roles
from ductape.stack.child import Child
from ductape.stack.credentials import Credentials
from ductape.stack.family import Family
from ductape.stack.progress import Progress
from ductape.stack.readiness import answers_ok, host_answers
from ductape.stack.roles import Place, Role

_READY_SECONDS = 120


class Startup:
    """Brings keys, database, control, runner and host up, on services that answer already."""

    def __init__(self, family: Family, place: Place, progress: Progress) -> None:
        self._family, self._place, self._progress = family, place, progress

    def run(self, *, demo_model: bool) -> Credentials:
        """
        Raises:
            StackError: a step failed or took too long.
        """
        model = self._spawn(roles.demo_model(self._place), once=True) if demo_model else None
        with self._progress.step("Preparing keys and database"):
            self._prepare()
        with self._progress.step("Starting control and runner"):
            self._start_servers()
        if model is not None:
            with self._progress.step("Unpacking the demo's model"):
                self._family.finish(model)
        if demo_model or installed.has_host():
            with self._progress.step("Starting the host for local models"):
                self._start_host()
        else:
            self._progress.note(f"No host, local models will not run: {installed.EVERYTHING}")
        return credentials.read(self._answer, self._kept)

    @property
    def _answer(self) -> Path:
        return self._place.data / "bootstrap.json"

    @property
    def _kept(self) -> Path:
        return self._place.data / "credentials.json"

    def _prepare(self) -> None:
        self._family.finish(self._spawn(roles.keys(self._place), once=True))
        credentials.keep_answer(self._answer, self._kept)
        descriptor = os.open(self._answer, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        role = roles.bootstrap(self._place)
        with os.fdopen(descriptor, "wb") as stdout:
            bootstrap = self._family.spawn(role.name, role.command, role.env, stdout=stdout, once=True)
        self._family.finish(bootstrap)
        credentials.keep_answer(self._answer, self._kept)

    def _start_servers(self) -> None:
        servers = [
            (self._spawn(roles.control(self._place)), self._place.control_url),
            (self._spawn(roles.runner(self._place)), self._place.runner_url),
        ]
        for child, url in servers:
            self._family.until(partial(answers_ok, f"{url}/healthz"), child, _READY_SECONDS)

    def _start_host(self) -> None:
        # A name of this start: the heartbeat of an earlier one is not mistaken for its own.
        name = f"{socket.gethostname()}-{os.getpid()}"
        child = self._spawn(roles.host(self._place, name))
        self._family.until(partial(host_answers, self._place.redis_url, name), child, _READY_SECONDS)

    def _spawn(self, role: Role, *, once: bool = False) -> Child:
        return self._family.spawn(role.name, role.command, role.env, once=once)
