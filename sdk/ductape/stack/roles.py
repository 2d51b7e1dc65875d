from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ductape.stack import ports
from ductape.stack.environment import base_environment

# Settings of control and runner that a user may give in the environment.
_SETTINGS = (
    "DUCTAPE_ALLOWED_HOSTS",
    "DUCTAPE_TRUSTED_ORIGINS",
    "DUCTAPE_EGRESS_ALLOW",
    "DUCTAPE_BREAKER_FAILURES",
    "DUCTAPE_BREAKER_SECONDS",
    "DUCTAPE_PRELOAD_PROVIDERS",
    "DUCTAPE_DEBUG",
)
# -P: the current folder is nobody's source of modules.
_PYTHON = [sys.executable, "-P", "-m"]
_GRANIAN = [*_PYTHON, "granian", "--workers", "1", "--workers-kill-timeout", "5", "--no-ws", "--no-access-log"]


@dataclass(frozen=True)
class Role:
    """One process: its command line, which never holds a secret, and its whole environment."""

    name: str
    command: list[str]
    env: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Place:
    """Where the stack lies and listens."""

    data: Path
    models: Path
    host: str
    port: int
    runner_port: int
    database_url: str = field(repr=False)
    database_owner_url: str = field(repr=False)
    redis_url: str = field(repr=False)

    @property
    def control_url(self) -> str:
        return ports.url(self.host, self.port)

    @property
    def runner_url(self) -> str:
        return ports.url(self.host, self.runner_port)


def keys(place: Place) -> Role:
    command = ["django", "keys", "init", "--dir", str(place.data / "keys")]
    return Role("keys", [*_PYTHON, *command], _django(place, "control"))


def bootstrap(place: Place) -> Role:
    env = _django(place, "control") | {"DATABASE_OWNER_URL": place.database_owner_url}
    return Role("bootstrap", [*_PYTHON, "django", "bootstrap"], env)


def control(place: Place) -> Role:
    # As many requests at once as control has connections to the database.
    threads = ["--blocking-threads", "16"]
    static = ["--static-path-route", "/static", "--static-path-mount", str(place.data / "static")]
    command = [*_GRANIAN, "--interface", "wsgi", *_listen(place.host, place.port), *threads, *static]
    env = _django(place, "control") | {"DUCTAPE_RUNNER_URL": place.runner_url}
    return Role("control", [*command, "control_plane.wsgi:application"], env)


def runner(place: Place) -> Role:
    command = [*_GRANIAN, "--interface", "asgi", *_listen(place.host, place.runner_port)]
    return Role("runner", [*command, "control_plane.asgi:application"], _django(place, "runner"))


def host(place: Place, name: str) -> Role:
    env = base_environment() | {
        "REDIS_URL": place.redis_url,
        "DUCTAPE_MODELS_DIR": str(place.models),
        "OMP_WAIT_POLICY": "passive",
    }
    return Role("host", [*_PYTHON, "workers.hosting", "--name", name], env)


def demo_model(place: Place) -> Role:
    return Role("model", [*_PYTHON, "workers.models.packaged", str(place.models)], base_environment())


def _listen(address: str, port: int) -> list[str]:
    return ["--host", address, "--port", str(port)]


def _django(place: Place, role: str) -> dict[str, str]:
    given = {name: os.environ[name] for name in _SETTINGS if name in os.environ}
    return (
        base_environment()
        | {"DUCTAPE_ALLOWED_HOSTS": f"127.0.0.1,localhost,[::1],{place.host}"}
        | given
        | {
            "DJANGO_SETTINGS_MODULE": "control_plane.settings",
            "DUCTAPE_ROLE": role,
            "DUCTAPE_KEYS_DIR": str(place.data / "keys" / role),
            "DUCTAPE_STATIC_ROOT": str(place.data / "static"),
            "DATABASE_URL": place.database_url,
            "REDIS_URL": place.redis_url,
        }
    )
