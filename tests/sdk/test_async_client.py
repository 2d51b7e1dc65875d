"""What only AsyncDuctape has; what it has in common with Ductape is tested with both."""

from __future__ import annotations

import asyncio
import inspect
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing
from http.server import BaseHTTPRequestHandler

import pytest

from ductape import AsyncDuctape, ConfigurationError, Ductape
from ductape.resources.base import Resource
from ductape.types.runs import Run, RunStarted
from tests.sdk.loopback import Server, events, ok
from tests.sdk.samples import ACCESS_KEY, PRODUCT, RUN

SHOP = "/api/v1/products/shop"
STARTED = f"event: run_started\ndata: {RunStarted(seq=1, run=Run.model_validate(RUN)).model_dump_json()}\n\n".encode()


def open_client(server: Server) -> AsyncDuctape:
    return AsyncDuctape(access_key=ACCESS_KEY, base_url=server.url, runner_url=server.url, product="shop", env="dev")


def methods(client: object) -> Iterator[tuple[str, inspect.Signature]]:
    """Every public method of a client's resources, and of theirs."""
    for name in dir(client):
        value = None if name.startswith("_") else getattr(client, name)
        if isinstance(value, Resource):
            yield from ((f"{name}.{method}", signature) for method, signature in methods(value))
        elif inspect.ismethod(value) and isinstance(client, Resource):
            yield name, inspect.signature(value)


def test_both_clients_have_the_same_methods_with_the_same_parameters() -> None:
    options = {"access_key": ACCESS_KEY, "base_url": "http://127.0.0.1:1"}
    both = [dict(methods(client)) for client in (Ductape(**options), AsyncDuctape(**options))]  # type: ignore[arg-type]
    assert both[0] == both[1]
    assert {"model.create", "models.list", "products.environments.fetch_all", "agents.stream"} <= set(both[0])
    assert inspect.signature(Ductape) == inspect.signature(AsyncDuctape)


async def test_calls_run_at_once(server: Server) -> None:
    all_there = threading.Barrier(10, timeout=10)

    def together(handler: BaseHTTPRequestHandler) -> None:
        all_there.wait()
        ok(PRODUCT)(handler)

    server.on("GET", SHOP, together)
    async with open_client(server) as client:
        await asyncio.gather(*(client.product.fetch(tag="shop") for _ in range(10)))


def test_event_loops_after_each_other_use_one_client(server: Server) -> None:
    server.on("GET", SHOP, ok(PRODUCT))
    client = open_client(server)

    async def fetch() -> str:
        async with client:
            return (await client.product.fetch(tag="shop")).tag

    assert [asyncio.run(fetch()) for _ in range(3)] == ["shop"] * 3


def test_event_loops_at_the_same_time_use_one_client(server: Server) -> None:
    server.on("GET", SHOP, ok(PRODUCT))
    client = open_client(server)
    fetched = []

    async def fetch() -> None:
        async with client:
            for _ in range(20):
                fetched.append((await client.product.fetch(tag="shop")).tag)

    threads = [threading.Thread(target=asyncio.run, args=(fetch(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched == ["shop"] * 80


async def test_a_closed_client_connects_again(server: Server) -> None:
    server.on("GET", SHOP, ok(PRODUCT))
    client = open_client(server)
    await client.aclose()
    for _ in range(2):
        await client.product.fetch(tag="shop")
        await client.aclose()
    assert len(server.received) == 2


async def test_leaving_a_stream_closes_its_connection(server: Server) -> None:
    closed = threading.Event()

    def until_closed(handler: BaseHTTPRequestHandler) -> None:
        events(STARTED, whole=False)(handler)
        handler.connection.settimeout(5)
        if handler.connection.recv(1) == b"":
            closed.set()

    server.on("POST", "/v1/runs", until_closed)
    async with open_client(server) as client:
        async with aclosing(client.agents.stream(tag="helper", input="Hello")) as stream:
            async for event in stream:
                assert isinstance(event, RunStarted)
                assert not closed.is_set()
                break
        assert await asyncio.to_thread(closed.wait, 5)


async def test_a_cancelled_call_closes_its_connection(server: Server) -> None:
    closed = threading.Event()

    def until_closed(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.settimeout(5)
        if handler.connection.recv(1) == b"":
            closed.set()

    server.on("GET", SHOP, until_closed)
    async with open_client(server) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.product.fetch(tag="shop"), 0.2)
        assert await asyncio.to_thread(closed.wait, 5)


def test_the_constructor_needs_no_event_loop_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    client = AsyncDuctape(access_key=ACCESS_KEY, product="shop")
    assert client.products is client.product
    assert repr(client) == "AsyncDuctape(base_url='http://127.0.0.1:8700', product='shop', env=None)"


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "ductape.async_transport", raising=False)
    with pytest.raises(ConfigurationError, match=r'pip install "ductape\[async\]"'):
        _ = AsyncDuctape(access_key=ACCESS_KEY).model
