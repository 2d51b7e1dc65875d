from __future__ import annotations

from typing import Protocol

from ductape.stack.errors import StackError


class Service(Protocol):
    """A server that the roles need: our child, or one that runs elsewhere."""

    url: str

    def start(self) -> None: ...

    def wait(self) -> None:
        """Raises StackError if it does not answer in time."""


class Database(Service, Protocol):
    owner_url: str
    """Of the role that owns the tables. `url` is the application's, and works once bootstrap has let it in."""


class GivenDatabase:
    """
    Args:
        owner_url: None if the application's role is to own the tables.
    """

    def __init__(self, url: str, owner_url: str | None) -> None:
        self.url, self.owner_url = url, owner_url or url
        self._name = "DATABASE_OWNER_URL" if owner_url else "DATABASE_URL"

    def start(self) -> None:
        """It runs already."""

    def wait(self) -> None:
        reason = _database_error(self.owner_url)
        if reason is not None:
            raise StackError(
                f"{self._name} does not answer ({reason}): start that server, or unset it for the embedded PostgreSQL"
            )


class GivenRedis:
    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        """It runs already."""

    def wait(self) -> None:
        reason = redis_error(self.url)
        if reason is not None:
            raise StackError(
                f"REDIS_URL does not answer ({reason}): start that server, or unset it for the embedded Valkey"
            )


def redis_error(url: str) -> str | None:
    """Why nothing of the Redis protocol answers there; None if it does. Never quotes the URL, for its password."""
    import redis

    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        return type(error).__name__
    except ValueError:
        return "it is not a Redis URL"
    return None


def _database_error(url: str) -> str | None:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[0]
    except psycopg.Error:
        # Such a message may quote the URL.
        return "it is not a PostgreSQL URL"
    return None
