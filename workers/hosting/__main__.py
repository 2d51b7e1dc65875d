from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

# Before anything imports torch: with its default, idle threads spin and starve whatever else runs on the machine.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("TQDM_DISABLE", "1")

from celery.signals import worker_shutting_down

from ductape import scrubbing
from workers.hosting.app import host_app
from workers.hosting.host import Host
from workers.hosting.tasks import register
from workers.models.hosted_protocol import DEFAULT_QUEUE


def main() -> int:
    options = _options()
    redis_url, models_dir = os.environ.get("REDIS_URL"), os.environ.get("DUCTAPE_MODELS_DIR")
    if not redis_url or not models_dir:
        missing = "DUCTAPE_MODELS_DIR" if redis_url else "REDIS_URL"
        print(f"error: a host needs {missing} in its environment", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    scrubbing.install()
    return _serve(options, redis_url, Path(models_dir))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.hosting", description="Serve local models.")
    parser.add_argument("--queues", default=DEFAULT_QUEUE, help="comma-separated; default: %(default)s")
    parser.add_argument("--concurrency", type=int, default=32, help="calls at once; default: %(default)s")
    parser.add_argument("--name", default=socket.gethostname(), help="shown to people; default: this machine's name")
    return parser.parse_args()


def _serve(options: argparse.Namespace, redis_url: str, models_dir: Path) -> int:
    queues = options.queues.split(",")
    app = host_app(redis_url)
    host = Host(redis_url, models_dir, options.name, queues)
    register(app, host)

    @worker_shutting_down.connect(weak=False)
    def drain(**_: Any) -> None:
        host.drain()

    worker = app.Worker(
        hostname=f"{options.name}@ductape",
        queues=queues,
        pool="threads",
        concurrency=options.concurrency,
        loglevel="INFO",
        quiet=True,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    host.start()
    try:
        worker.start()
    finally:
        host.close()
    return worker.exitcode or 0


if __name__ == "__main__":
    sys.exit(main())
