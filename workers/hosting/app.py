from __future__ import annotations

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

from workers.models.broker import celery_app


def host_app(redis_url: str) -> Celery:
    """The Celery app of a host; `workers.hosting.tasks.register` gives it its task."""
    TRANSPORT_ALIASES.update(redis="workers.hosting.transport:Transport", rediss="workers.hosting.transport:Transport")
    return celery_app(redis_url)
