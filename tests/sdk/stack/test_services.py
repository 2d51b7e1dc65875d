from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis

from ductape.stack import Stack, StackOptions


def test_services_answer_inside_the_block(options: StackOptions) -> None:
    with Stack(options) as stack:
        with psycopg.connect(stack.database_url) as database:
            assert database.execute("SELECT current_database()").fetchone() == ("ductape",)
        with redis.Redis.from_url(stack.redis_url) as client:
            assert client.ping()


def test_a_second_start_is_quick_and_keeps_the_data(options: StackOptions) -> None:
    with Stack(options) as stack:
        with psycopg.connect(stack.database_owner_url) as database:
            database.execute("CREATE TABLE kept (word text)")
        with redis.Redis.from_url(stack.redis_url) as client:
            client.set("kept", "word")
    begun = time.monotonic()
    with Stack(options) as stack:
        assert time.monotonic() - begun < 3
        with psycopg.connect(stack.database_owner_url) as database:
            assert database.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        with redis.Redis.from_url(stack.redis_url) as client:
            assert client.get("kept") == b"word"


def test_no_service_listens_on_a_port(options: StackOptions) -> None:
    with Stack(options) as stack:
        with psycopg.connect(stack.database_url) as database:
            assert database.execute("SHOW listen_addresses").fetchone() == ("",)
        with redis.Redis.from_url(stack.redis_url) as client:
            assert client.config_get("port") == {"port": "0"}


def test_a_path_that_is_too_long_for_sockets_or_has_odd_letters_works(options: StackOptions, data: Path) -> None:
    odd = data / ('it\'s a "folder", ' + "x" * 100)
    with Stack(replace(options, data=odd)) as stack:
        sockets = Path(redis.Redis.from_url(stack.redis_url).get_connection_kwargs()["path"]).parent
        psycopg.connect(stack.database_url).close()
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


def test_only_the_owner_can_enter(options: StackOptions, data: Path) -> None:
    with Stack(options):
        folders = [data, *(path for path in data.iterdir() if path.is_dir())]
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_children_see_only_what_the_list_allows(options: StackOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not for children")
    with Stack(options) as stack:
        for name in ("postgres", "valkey"):
            environment = Path(f"/proc/{stack.process(name).pid}/environ").read_bytes()
            assert b"OPENAI_API_KEY" not in environment


def test_postgres_is_not_root_and_its_files_are_its_owners(options: StackOptions, data: Path) -> None:
    with Stack(options) as stack:
        assert stack.process("postgres").alive()
    owners = {path.stat().st_uid for path in (data / "postgres").rglob("*")}
    assert owners == {os.geteuid()}
