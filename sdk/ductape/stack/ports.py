from __future__ import annotations

import socket
from typing import Any

from ductape.stack.errors import StackError


def reserve(host: str, given: int | None, usual: int, option: str) -> socket.socket:
    """Holds a port for a server of ours: the given one, else the usual one, else any that is free. Close it to let go.

    Granian shares ports (SO_REUSEPORT): without this, two stacks that start at once would answer each other's requests.

    Raises:
        StackError: the given port is not to be had, or nothing can listen at `host`.
    """
    if given is not None:
        return _bind(host, given, option)
    try:
        return _bind(host, usual, option)
    except StackError:
        return _bind(host, 0, option)


def url(host: str, port: int) -> str:
    """Where a client on this machine finds what listens there."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _bind(host: str, port: int, option: str) -> socket.socket:
    if not 0 <= port <= 65535:
        raise StackError(f"{port} is no port: give {option} a number up to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return _hold(socket.socket(family, kind, protocol), address)
    except socket.gaierror:
        raise StackError(f"{host!r} is no address of this machine: give --host one, such as 127.0.0.1") from None
    except PermissionError:
        raise StackError(f"port {port} needs privileges: give {option} one above 1023") from None
    except OSError as error:
        raise StackError(
            f"port {port} on {host} is not free ({error.strerror}): stop what uses it, or give another {option}"
        ) from None


def _hold(held: socket.socket, address: tuple[Any, ...]) -> socket.socket:
    try:
        # Connections that an earlier server has just closed are no obstacle.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)
    except OSError:
        held.close()
        raise
    # From now on only a server that shares its port can listen here, as ours does. In this order: one who asks for the
    # port as we just did is refused.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return held
