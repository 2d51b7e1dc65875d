"""Whatever changes something leaves an entry that names who did it, for every operation of the document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from control_plane.audit.models import Entry
from control_plane.tenancy.entering import in_workspace
from tests.control_plane.api.answering import send
from tests.control_plane.api.conftest import names as names
from tests.control_plane.api.described import Described, Names, operations

CHANGING = [each for each in operations() if each.scopes in (["write"], ["admin"]) and each.method != "GET"]
# Where the example of the document would change nothing that is there, or not be taken.
BODIES: dict[str, Any] = {
    "product_create": {"name": "Another"},
    "product_update": {"name": "Renamed"},
    "environment_create": {"slug": "qa"},
    "environment_update": {"active": False},
    "model_create": {"tag": "new", "name": "N", "provider": "local", "model": "a/b", "envs": []},
    "model_update": {"temperature": 0.1},
    "model_rollback": {"to": 1},
    "agent_define": {"tag": "helper", "model": "gpt", "system_prompt": "Be brief."},
    "agent_rollback": {"to": 1},
    "member_create": {"user": "dora", "role": "viewer"},
    "member_update": {"role": "developer"},
}
# What has to be done first, and in place of what the path names.
BEFORE: dict[str, list[tuple[str, str, Any]]] = {
    "model_rollback": [("patch", "products/shop/models/gpt", {"temperature": 0.1})],
    "agent_rollback": [("put", "products/shop/agents/helper", {"tag": "helper", "model": "gpt", "system_prompt": "B"})],
    "model_delete": [("delete", "products/shop/agents/helper", None)],
    "environment_delete": [("post", "products/shop/envs", {"slug": "empty"})],
    "product_delete": [("delete", "products/shop/agents/helper", None), ("delete", "products/shop/models/gpt", None)],
    "token_rotate": [("post", "tokens", {"name": "old", "scopes": ["read"]})],
}
PATHS = {"environment_delete": {"slug": "empty"}}


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_it_leaves_an_entry_that_names_its_actor(operation: Described, names: Names, alice: Any) -> None:
    for method, path, first in BEFORE.get(str(operation), []):
        assert getattr(alice, method)(path, *([first] if first else [])).status_code < 300
    seen = {entry.id for entry in entries(alice)}
    body: Any = BODIES.get(str(operation), operation.request and operation.request["example"])
    if str(operation) == "product_promote":
        body = planned(alice)
    named = {name: mine for name, (mine, _) in names.items()} | PATHS.get(str(operation), {})

    answer = send(operation, operation.path.format(**named) + operation.query, body, token=alice.token)

    assert answer.status in {200, 201}, answer.body
    written = [entry for entry in entries(alice) if entry.id not in seen]
    assert written, f"{operation} changes something and writes nothing down"
    assert {(entry.actor_kind, entry.actor_name) for entry in written} == {("token", "alice")}
    assert all(entry.request_id.startswith("req_") and entry.address == "127.0.0.1" for entry in written)
    assert alice.token not in json.dumps([entry.details for entry in written])


def entries(caller: Any) -> list[Entry]:
    with in_workspace(caller.workspace.id):
        return list(Entry.objects.order_by("id"))


def planned(caller: Any) -> dict[str, str]:
    wanted = {"from_env": "dev", "to_env": "prd"}
    plan = caller.post("products/shop/promote", wanted).json()
    return {**wanted, "hash": plan["hash"]}
