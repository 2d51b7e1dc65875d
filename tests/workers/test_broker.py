from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from tests.workers.servers import valkey_server
from workers.models.broker import celery_app


@pytest.mark.parametrize("database", [0, 3])
def test_a_socket_url_reaches_the_right_database(tmp_path: Path, database: int) -> None:
    with valkey_server(tmp_path) as url:
        app = celery_app(f"{url}?db={database}")
        app.send_task("nothing", queue="somewhere")
        app.close()
        with Redis.from_url(url, db=database) as redis:
            assert redis.llen("somewhere") == 1


@pytest.mark.parametrize("url", ["redis://:secret@localhost:6379/1", "rediss://cache:6380/0"])
def test_a_network_url_stays_as_it_is(url: str) -> None:
    assert celery_app(url).conf.broker_url == url


def test_only_json_is_accepted() -> None:
    conf = celery_app("redis://localhost").conf
    assert (conf.task_serializer, conf.accept_content, conf.task_ignore_result) == ("json", ["json"], True)
