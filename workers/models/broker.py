from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from celery import Celery

_TRANSPORT_OPTIONS = {
    # Longer than the longest call (one hour): a message that comes back earlier would be a duplicate of a live one.
    "visibility_timeout": 2 * 3600,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 5,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 25,
}


def celery_app(redis_url: str) -> Celery:
    """The Celery side of the protocol, the same for who publishes and who serves.

    Args:
        redis_url: `redis://`, `rediss://` or `unix:///path/to/socket`.
    """
    # No fixups: with Django settings in its environment, Celery would otherwise set Django up.
    app = Celery("ductape-hosting", broker=_broker_url(redis_url), set_as_current=False, fixups=[])
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_TRANSPORT_OPTIONS,
    )
    return app


def _broker_url(redis_url: str) -> str:
    """Celery's spelling of a socket: `redis+socket:///path?virtual_host=0`."""
    url = urlsplit(redis_url)
    if url.scheme != "unix":
        return redis_url
    database = dict(parse_qsl(url.query)).get("db", "0")
    return f"redis+socket://{url.netloc}{url.path}?virtual_host={database}"
