from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ductape import Ductape, ValidationError
from tests.sdk.loopback import Server, ok

ENTRY: dict[str, Any] = {
    "id": "e1",
    "at": "2026-11-22T09:00:00Z",
    "action": "model.updated",
    "kind": "model",
    "object_id": "m1",
    "tag": "gpt",
    "product": "shop",
    "env": None,
    "actor": {"kind": "token", "id": "t1", "name": "ci", "member": None, "request_id": "req_1", "address": None},
    "before": {"settings": {"temperature": 0.7}},
    "after": {"settings": {"temperature": 0.2}},
    "details": {},
    "lane": 0,
    "seq": 17,
    "hash": "ab",
}


def test_all_pages_are_fetched(server: Server, client: Ductape) -> None:
    server.on("GET", "/api/v1/audit", ok({"data": [ENTRY], "next_cursor": "x"}))
    server.on("GET", "/api/v1/audit?cursor=x", ok({"data": [ENTRY], "next_cursor": None}))

    first, second = client.audit.fetch_all()
    assert (first.actor.name, first.after) == ("ci", {"settings": {"temperature": 0.2}})
    assert first == second


def test_filters_are_sent(server: Server, client: Ductape) -> None:
    since = datetime(2026, 11, 22, 9, tzinfo=UTC)
    for colon in (":", "%3A"):  # the two clients spell it each in its own way
        at = f"2026-11-22T09{colon}00{colon}00Z"
        server.on("GET", f"/api/v1/audit?action=key.opened&since={at}", ok({"data": []}))
    assert client.audit.fetch_all(action="key.opened", since=since) == []


def test_a_time_without_its_zone_is_refused_before_it_is_sent(server: Server, client: Ductape) -> None:
    with pytest.raises(ValidationError, match="since"):
        client.audit.fetch_all(since=datetime(2026, 11, 22))
    assert server.received == []
