from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from control_plane.api.errors import ApiError, as_api_error
from control_plane.gateway.asgi_types import Message, Receive, Send
from control_plane.gateway.connections import Connections
from control_plane.gateway.http import Exchange
from control_plane.gateway.key_checks import test_model, verify_key
from control_plane.gateway.runs import create_run, fetch_run

logger = logging.getLogger(__name__)

Endpoint = Callable[[Exchange, Connections], Awaitable[None]]


class Gateway:
    """The runner: `/v1` as a raw ASGI application."""

    def __init__(self) -> None:
        self._connections = Connections()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(Exchange(scope, receive, send))
            case "lifespan":
                await self._lifespan(receive, send)
            case "websocket":
                await send({"type": "websocket.close", "code": 1000})

    async def _http(self, exchange: Exchange) -> None:
        try:
            endpoint = _route(exchange.scope["method"], exchange.scope["path"])
            await endpoint(exchange, self._connections)
        except Exception as error:
            await _answer_failure(exchange, error)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._connections.open()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._connections.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _answer_failure(exchange: Exchange, error: Exception) -> None:
    if not exchange.started:
        return await exchange.refuse(as_api_error(error))
    # The status has been sent: what is left is to end early. A client knows a whole stream by its last event.
    logger.error("a stream broke off, request %s", exchange.request_id, exc_info=error)
    await exchange.end_events()


def _route(method: str, path: str) -> Endpoint:
    if path == "/healthz":
        return _healthz
    if path == "/v1/runs":
        return _only("POST", method, create_run)
    if path == "/v1/models/test":
        return _only("POST", method, test_model)
    if path == "/v1/models/verify-key":
        return _only("POST", method, verify_key)
    if path.startswith("/v1/runs/"):
        return _only("GET", method, fetch_run)
    raise ApiError(404, "not_found", "no such address on the runner; the management API is at /api/v1/ on control")


def _only(allowed: str, method: str, endpoint: Endpoint) -> Endpoint:
    if method != allowed:
        raise ApiError(405, "method_not_allowed", f"use {allowed} here", headers={"Allow": allowed})
    return endpoint


async def _healthz(exchange: Exchange, connections: Connections) -> None:
    await exchange.answer(200, b'{"status":"ok"}')
