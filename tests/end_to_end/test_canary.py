"""The promise: a provider key is in clear nowhere but in the runner's memory and at its provider."""

from __future__ import annotations

import base64
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from ductape import Ductape
from ductape.stack import Stack
from tests.end_to_end.provider import Provider

CANARY = "sk-canary-7f3c9a1e5b2d8046"


def spellings(secret: str) -> dict[str, bytes]:
    raw = secret.encode()
    return {
        "raw": raw,
        "reversed": raw[::-1],
        "hex": raw.hex().encode(),
        "utf-16": secret.encode("utf-16-le"),
        # Base64 of the middle, at each of the three alignments that a longer text could give it.
        **{f"base64+{shift}": base64.b64encode(b"x" * shift + raw)[4 * (shift > 0) : -4] for shift in range(3)},
    }


def found(where: str, data: bytes) -> list[str]:
    return [f"{spelling} in {where}" for spelling, needle in spellings(CANARY).items() if needle in data]


class Tap:
    """A plain TCP proxy that keeps every byte a client sends."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._to = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = bytearray()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._to)
            threading.Thread(target=self._pump, args=(client, server, self.sent), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, None), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, keep: bytearray | None) -> None:
        with source, target:
            while data := source.recv(65536):
                if keep is not None:
                    keep += data
                target.sendall(data)


@pytest.fixture(scope="module")
def sent(stack: Stack, provider: Provider) -> Iterator[bytes]:
    """Every byte of creating, rotating and running a model with the canary key."""
    control, runner = Tap(stack.control_url), Tap(stack.runner_url)
    with Ductape(base_url=control.url, runner_url=runner.url, access_key=stack.credentials.access_key) as client:
        client.product.create(name="Canary", envs=[{"slug": "dev"}])
        env = {"slug": "dev", "api_key": CANARY, "base_url": provider.base_url}
        client.model.create(product="canary", tag="m", name="M", provider="custom", model="ok", envs=[env])
        client.model.update(product="canary", tag="m", envs=[{"slug": "dev", "api_key": CANARY}])
        client.agents.define(product="canary", tag="a", model="m")
        run = client.agents.run(product="canary", env="dev", tag="a", input="Hi")
        assert run.status == "completed", run.error
        client.model.update(product="canary", tag="m", model="refuse-key")
        assert client.agents.run(product="canary", env="dev", tag="a", input="Hi").status == "failed"
    assert provider.seen[-1].authorization == f"Bearer {CANARY}"
    yield bytes(control.sent + runner.sent)
    control.close()
    runner.close()


def test_the_search_finds_what_is_there() -> None:
    for spelling, needle in spellings(CANARY).items():
        assert f"{spelling} in x" in found("x", b"..." + needle + b"...")
    for shift in range(3):
        assert found("x", base64.b64encode(b"abc" * 3 + b"y" * shift + CANARY.encode() + b"tail"))


def test_not_on_the_wire(sent: bytes) -> None:
    assert b"dseal1.pk_" in sent
    assert found("what the client sent", sent) == []


def test_not_in_the_database(sent: bytes, stack: Stack) -> None:
    dump = _every_row(stack.database_owner_url)
    assert b"drest1.a1." in dump
    assert found("the database", dump) == []
    files = b"".join(path.read_bytes() for path in (stack.data / "postgres").rglob("*") if path.is_file())
    assert found("the database's files", files) == []


def test_not_in_valkey(sent: bytes, stack: Stack) -> None:
    with redis.from_url(stack.redis_url) as valkey:
        dumps = [valkey.dump(key) or b"" for key in valkey.scan_iter()]
    files = [path.read_bytes() for path in (stack.data / "valkey").rglob("*") if path.is_file()]
    assert found("valkey", b"".join([*dumps, *files])) == []


def test_not_in_a_log(sent: bytes, stack: Stack) -> None:
    logs = [path.read_bytes() for path in stack.logs_dir.iterdir()]
    assert sum(map(len, logs)) > 0
    assert found("the logs", b"".join(logs)) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_not_in_a_processes_environment_or_command_line(sent: bytes, stack: Stack) -> None:
    for name in ("postgres", "valkey", "control", "runner", "host"):
        pid = stack.process(name).pid
        for part in ("environ", "cmdline"):
            data = Path(f"/proc/{pid}/{part}").read_bytes()
            assert found(f"{part} of {name}", data) == []
            assert (stack.credentials.access_key or "").encode() not in data


@pytest.mark.skipif(not Path("/proc/self/mem").exists() or os.geteuid() != 0, reason="needs to read memory")
def test_not_in_the_memory_of_control(sent: bytes, stack: Stack) -> None:
    memory = _memory(stack.process("control").pid)
    assert b"control_plane.catalog" in memory
    assert found("control's memory", memory) == []


def _every_row(url: str) -> bytes:
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        rows = bytearray()
        for (table,) in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                for chunk in copy:
                    rows += chunk
    return bytes(rows)


def _memory(pid: int) -> bytes:
    """All readable memory of a process and its children."""
    data = bytearray()
    for process in [pid, *_children(pid)]:
        with open(f"/proc/{process}/mem", "rb", 0) as memory:
            for line in Path(f"/proc/{process}/maps").read_text().splitlines():
                span, access, *_ = line.split()
                if not access.startswith("rw"):
                    continue
                start, end = (int(edge, 16) for edge in span.split("-"))
                try:
                    memory.seek(start)
                    data += memory.read(end - start)
                except (OSError, ValueError):
                    continue
    return bytes(data)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]
