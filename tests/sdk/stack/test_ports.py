from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ductape.stack import Stack, StackError, StackOptions, ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_given_port_that_is_taken_is_named(taken: int) -> None:
    with pytest.raises(StackError, match=rf"port {taken} on 127.0.0.1 is not free .* another --port"):
        ports.reserve("127.0.0.1", taken, 8700, "--port")


def test_a_taken_port_stops_the_start_before_anything_runs(options: StackOptions, taken: int) -> None:
    with pytest.raises(StackError, match="--runner-port"):
        Stack(replace(options, runner_port=taken)).__enter__()
    assert not (options.data / "logs").exists()


def test_without_a_given_port_any_free_one_stands_in_for_the_usual(taken: int) -> None:
    with ports.reserve("127.0.0.1", None, taken, "--port") as held:
        assert held.getsockname()[1] not in (0, taken)


def test_a_held_port_is_free_for_a_server_that_shares_and_for_nobody_else() -> None:
    with ports.reserve("127.0.0.1", 0, 8700, "--port") as held:
        port = held.getsockname()[1]
        with pytest.raises(StackError, match="is not free"):
            ports.reserve("127.0.0.1", port, 8700, "--runner-port")
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            server.bind(("127.0.0.1", port))
            server.listen()
            socket.create_connection(("127.0.0.1", port), timeout=1).close()


def test_a_port_with_just_closed_connections_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()
            client.recv(1)
    ports.reserve("127.0.0.1", port, 8700, "--port").close()


def test_two_stacks_at_once_do_not_share_a_port(options: StackOptions, tmp_path: Path) -> None:
    with Stack(options) as first, Stack(replace(options, data=tmp_path / "second")) as second:
        assert len({first.control_url, first.runner_url, second.control_url, second.runner_url}) == 4


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("no such host", 9000, "is no address"),
        ("192.0.2.1", 9000, "is not free"),
        ("127.0.0.1", 70000, "is no port"),
        ("127.0.0.1", -1, "is no port"),
    ],
)
def test_what_cannot_be_listened_at_is_one_line(host: str, port: int, says: str) -> None:
    with pytest.raises(StackError, match=says):
        ports.reserve(host, port, 8700, "--port")


def test_addresses_become_urls_that_a_client_can_use() -> None:
    assert ports.url("0.0.0.0", 8700) == "http://127.0.0.1:8700"
    assert ports.url("::", 8700) == "http://[::1]:8700"
    assert ports.url("localhost", 8700) == "http://localhost:8700"
