from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ductape.stack import Stack, StackError, StackOptions


def test_given_urls_are_used_instead_of_embedded_servers(options: StackOptions, tmp_path: Path) -> None:
    with Stack(options) as first:
        given = replace(options, database_url=first.database_url, redis_url=first.redis_url)
        with Stack(replace(given, data=tmp_path / "other")) as second:
            assert second.database_url == first.database_url
        assert not (tmp_path / "other" / "postgres").exists()
        psycopg.connect(first.database_url).close()


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@127.0.0.1:1/x", "nonsense hunter2", "postgresql://me:hunter2%zz@/x"]
)
def test_a_database_that_does_not_answer_is_one_line_without_its_password(options: StackOptions, url: str) -> None:
    with pytest.raises(StackError, match=r"^DATABASE_URL does not answer") as caught:
        Stack(replace(options, database_url=url)).__enter__()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://me:hunter2@127.0.0.1:1/0", "nonsense hunter2", "unix:///no/such/hunter2"])
def test_a_redis_that_does_not_answer_is_one_line_without_its_password(options: StackOptions, url: str) -> None:
    with pytest.raises(StackError, match=r"^REDIS_URL does not answer") as caught:
        Stack(replace(options, redis_url=url)).__enter__()
    assert "hunter2" not in str(caught.value)


def test_options_do_not_show_urls(options: StackOptions) -> None:
    assert "hunter2" not in repr(replace(options, database_url="postgresql://me:hunter2@h/x"))
