from __future__ import annotations

from pathlib import Path

import pytest
import redis

from ductape.stack import Stack, StackError, StackOptions


def one_line_of(options: StackOptions) -> str:
    with pytest.raises(StackError) as caught:
        Stack(options).__enter__()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def made(options: StackOptions) -> StackOptions:
    with Stack(options) as stack, redis.Redis.from_url(stack.redis_url) as client:
        client.mset({f"key{number}": "x" * 100 for number in range(100)})
    return options


def test_data_of_another_postgres_version_says_what_to_do(made: StackOptions, data: Path) -> None:
    (data / "postgres" / "PG_VERSION").write_text("15\n")
    said = one_line_of(made)
    assert said.startswith("postgres stopped (exit status 1): ")
    assert "another PostgreSQL major version: dump it" in said


def test_a_damaged_database_is_one_line_with_its_reason(made: StackOptions, data: Path) -> None:
    (data / "postgres" / "global" / "pg_control").write_bytes(b"not a control file")
    said = one_line_of(made)
    assert said.startswith("postgres stopped (signal SIGABRT): ")
    assert "pg_control" in said


def test_a_damaged_valkey_file_is_one_line_with_the_way_out(made: StackOptions, data: Path) -> None:
    log = next((data / "valkey" / "appendonlydir").glob("*.incr.aof"))
    log.write_bytes(b"*1\r\n$not a command\r\n" + log.read_bytes())
    said = one_line_of(made)
    assert said.startswith("valkey stopped (exit status 1): ")
    assert "move it away" in said


def test_a_stale_pid_file_and_socket_are_no_obstacle(made: StackOptions, data: Path) -> None:
    # Process 1 lives, so PostgreSQL alone would refuse.
    (data / "postgres" / "postmaster.pid").write_text(f"1\n{data}/postgres\n1\n5432\n{data}/run\n\n1 1\nready   \n")
    (data / "run").mkdir()
    (data / "run" / ".s.PGSQL.5432").touch()
    (data / "run" / ".s.PGSQL.5432.lock").write_text("1\n")
    with Stack(made) as stack:
        assert stack.process("postgres").alive()
