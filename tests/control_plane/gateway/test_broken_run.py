"""Something breaks in the middle of a run whose key is open: nobody is told the key, whoever asks and however."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from control_plane.audit.models import Entry
from control_plane.catalog.models import ModelEnv
from control_plane.gateway.app import Gateway
from control_plane.runs.models import Run
from control_plane.tenancy.entering import in_workspace
from ductape import sealing
from ductape.types.entities import SealingKey
from tests.end_to_end.provider import Provider
from workers.models.wires.answer import StreamedAnswer

CANARY = "sk-canary-3c9a1e5b2d8046f7"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(settings: Any, key_files: Path) -> Iterator[Provider]:
    with Provider() as provider:
        settings.KEYS_DIR = key_files / "runner"
        settings.EGRESS_ALLOW = f"127.0.0.1:{provider.port}"
        yield provider


@pytest.fixture
def model(alice: Any, provider: Provider) -> Any:
    """Makes a model of the provider's with the canary as its key."""
    alice.post("products", {"name": "Shop", "envs": [{"slug": "dev"}, {"slug": "prd"}]})
    key = SealingKey.model_validate(alice.get("products/shop/sealing-key").json())

    def make(behaviour: str) -> None:
        sealed = sealing.seal(key, CANARY, tag="m", env="dev", provider="custom", base_url=provider.base_url)
        env = {"slug": "dev", "base_url": provider.base_url, "sealed_api_key": sealed}
        body = {"tag": "m", "name": "M", "provider": "custom", "model": behaviour, "envs": [env]}
        assert alice.post("products/shop/models", body).status_code == 201

    return make


def run(caller: Any, *, stream: bool) -> tuple[int, str]:
    """Status and everything that the runner says."""
    sent: list[Any] = []
    body = json.dumps({"product": "shop", "env": "dev", "model": "m", "input": "Hi", "stream": stream}).encode()

    async def exchange() -> None:
        asked = iter([{"type": "http.request", "body": body}])

        async def receive() -> Any:
            return next(asked, None) or await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", f"Bearer {caller.token}".encode())]
        scope = {"type": "http", "method": "POST", "path": "/v1/runs", "headers": headers, "client": ("192.0.2.7", 5)}
        gateway = Gateway()
        await gateway(scope, receive, send)
        await gateway._connections.close()

    asyncio.run(exchange())
    return sent[0]["status"], repr(sent[0]["headers"]) + b"".join(each.get("body", b"") for each in sent).decode()


def everything_kept(caller: Any) -> str:
    """The rows of the run and of the log."""
    with in_workspace(caller.workspace.id):
        return repr([*Run.objects.values(), *Entry.objects.values()])


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_fault_of_ours_with_the_key_in_its_text(
    alice: Any, model: Any, settings: Any, monkeypatch: Any, capture: Any, stream: bool, debug: bool
) -> None:
    def break_down(self: StreamedAnswer, chunk: bytes) -> Any:
        header = {"Authorization": f"Bearer {CANARY}"}
        raise RuntimeError(f"cannot read {header} of {CANARY}")

    settings.DEBUG = debug
    monkeypatch.setattr(StreamedAnswer, "feed", break_down)
    model("ok")
    status, said = run(alice, stream=stream)

    assert (status, '"code":"internal_error"' in said) == (200, True)
    assert "RuntimeError: cannot read" in capture.text
    assert CANARY not in said + capture.text + everything_kept(alice)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_provider_that_repeats_the_key(
    alice: Any, model: Any, capture: Any, provider: Provider, stream: bool
) -> None:
    model("refuse-key")
    status, said = run(alice, stream=stream)

    assert provider.seen[-1].authorization == f"Bearer {CANARY}"
    assert (status, '"code":"authentication_failed"' in said) == (200, True)
    assert CANARY not in said + capture.text + everything_kept(alice)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_key_that_does_not_open_leaves_an_entry_and_no_connection(
    alice: Any, model: Any, provider: Provider, stream: bool
) -> None:
    model("ok")
    with in_workspace(alice.workspace.id):
        ModelEnv.objects.update(base_url=f"{provider.base_url}/elsewhere")
    status, said = run(alice, stream=stream)

    assert (status, '"stop_reason":"secret_unreadable"' in said) == (200, True)
    assert provider.connections == 0
    with in_workspace(alice.workspace.id):
        entry = Entry.objects.get(action="key.unreadable")
        row = Run.objects.get()
    assert json.loads(entry.details)["run"] == str(row.id)
    assert (row.status, row.stop_reason) == ("failed", "secret_unreadable")


def test_the_entry_of_an_opened_key_names_the_caller_and_comes_before_the_call(alice: Any, model: Any) -> None:
    model("ok")
    run(alice, stream=False)

    with in_workspace(alice.workspace.id):
        entry, row = Entry.objects.get(action="key.opened"), Run.objects.get()
    assert (entry.actor_kind, entry.actor_name, entry.address) == ("token", "alice", "192.0.2.7")
    assert entry.request_id.startswith("req_")
    assert row.finished_at is not None
    assert row.created_at <= entry.at <= row.finished_at
    call_command("audit", "verify")
