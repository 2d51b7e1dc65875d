from __future__ import annotations

from celery import Celery

from workers.hosting.host import Host
from workers.models.hosted_protocol import GENERATE


def register(app: Celery, host: Host) -> None:
    @app.task(name=GENERATE)
    def generate(payload: object) -> None:
        host.serve(payload)
