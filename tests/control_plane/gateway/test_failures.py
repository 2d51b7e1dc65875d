from __future__ import annotations

import logging
from typing import Any

import pytest

from control_plane.gateway import app
from control_plane.gateway.connections import Connections
from control_plane.gateway.http import Exchange

BROKEN = RuntimeError("broke")


async def sent_by(endpoint: app.Endpoint, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    monkeypatch.setattr(app, "_route", lambda method, path: endpoint)
    await app.Gateway()({"type": "http", "method": "POST", "path": "/v1/runs", "headers": []}, receive, send)
    return sent


async def test_a_failure_before_the_answer_has_begun_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endpoint(exchange: Exchange, connections: Connections) -> None:
        raise BROKEN

    start, body = await sent_by(endpoint, monkeypatch)
    assert start["status"] == 500
    assert b'"internal_error"' in body["body"]


async def test_a_failure_in_mid_stream_ends_the_stream(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def endpoint(exchange: Exchange, connections: Connections) -> None:
        await exchange.start_events()
        await exchange.event(b"data: 1\n\n")
        raise BROKEN

    with caplog.at_level(logging.ERROR):
        sent = await sent_by(endpoint, monkeypatch)
    assert [message["type"] for message in sent] == ["http.response.start", *["http.response.body"] * 2]
    assert not sent[-1].get("more_body")
    assert sent[-1]["body"] == b""
    assert "a stream broke off" in caplog.text
