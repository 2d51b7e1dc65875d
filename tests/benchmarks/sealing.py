"""How many keys a second can be sealed, opened and written anew?

`PYTHONPATH=. python tests/benchmarks/sealing.py`: seal and open as the SDK and a runner do it (goal: open in under
250 us); rewrap as `manage.py keys rotate at-rest` does it, in PostgreSQL (goal: 2,000 rows a second on one core).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from ductape import Ductape
from ductape.stack import Stack, StackOptions

TIMES = 2000
ROWS = 5_000
OPEN_GOAL_US, REWRAP_GOAL = 250, 2000

# Copies of one sealed key as keys of versions that never were: they are wrapped anew as any other, once bound anew.
FILL = """
    SELECT set_config('ductape.workspace', 'every', false);
    INSERT INTO products_productkey (id, workspace_id, product_id, pk_id, record, root_kid, retiring_until, created_at,
                                     updated_at)
        SELECT gen_random_uuid(), workspace_id, product_id, 'pk_' || n, record, root_kid, now(), now(), now()
        FROM products_productkey, generate_series(1, %(rows)s) n;
"""
BIND = """
import os, sys
import django
django.setup()
from django.conf import settings
from control_plane.products.models import ProductKey
from control_plane.tenancy.entering import as_operator
from control_plane.vault.at_rest import wrap
from control_plane.vault.keyring import load_keyring
ring = load_keyring(settings.KEYS_DIR)
with as_operator():
    for key in ProductKey.objects.exclude(retiring_until=None).iterator():
        ProductKey.objects.filter(id=key.id).update(record=wrap(ring, b"x" * 250, key.identity().parts()))
"""


def microseconds(call: Callable[[], object]) -> float:
    """Of CPU a call: other work on the machine does not count."""
    call()
    start = time.process_time()
    for _ in range(TIMES):
        call()
    return (time.process_time() - start) / TIMES * 1e6


def in_memory() -> dict[str, float]:
    from control_plane.vault import product_keys, provider_keys
    from control_plane.vault.key_files import init_key_files
    from control_plane.vault.keyring import read_keyring
    from ductape.sealing import parse, seal

    with tempfile.TemporaryDirectory() as directory:
        init_key_files(Path(directory))
        ring = read_keyring(Path(directory) / "runner")
    pair = product_keys.ProductRow("w", "p", "pk_1")
    record = product_keys.create_record(ring, pair)
    row = provider_keys.ProviderKeyRow("w", "p", "m", "gpt", "dev", 1, "openai", None)
    key = product_keys.sealing_key(ring, record, pair)

    def sealed() -> str:
        return seal(key, "canary-0123456789-0123456789", tag="gpt", env="dev", provider="openai", base_url=None)

    stored = provider_keys.store(ring, parse(sealed()), row)

    def opened() -> object:
        return provider_keys.open_provider_key(ring, stored, row, product_keys.open_private(ring, record, pair))

    return {"seal": microseconds(sealed), "open, from row to key": microseconds(opened)}


def rewrapped() -> tuple[float, float]:
    """Rows a second, and rows a second of the rotating process's own CPU."""
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as data, Stack(StackOptions(data=Path(data) / "data", quiet=True)) as stack:
        with Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key) as client:
            client.product.create(name="Shop", envs=[])
        with psycopg.connect(stack.database_owner_url) as owner:
            owner.execute(FILL.replace("%(rows)s", str(ROWS)).encode())
        env = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "control_plane.settings",
            "DUCTAPE_KEYS_DIR": str(stack.data / "keys" / "control"),
            "DATABASE_URL": stack.database_url,
        }

        def django(*command: str) -> tuple[float, float]:
            """Seconds that it took, and of CPU."""
            start, before = time.perf_counter(), os.times()
            subprocess.run([sys.executable, *command], env=env, check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            used = after.children_user + after.children_system - before.children_user - before.children_system
            return time.perf_counter() - start, used

        django("-c", BIND)
        django("-m", "django", "keys", "stage", "at-rest")
        time.sleep(15)  # until control and runner have said that they have it
        django("-m", "django", "keys", "promote", "at-rest", "a2")
        idle = django("-m", "django", "keys", "rotate", "at-rest", "--plan")
        busy = django("-m", "django", "keys", "rotate", "at-rest")
        return ROWS / (busy[0] - idle[0]), ROWS / (busy[1] - idle[1])


def main() -> int:
    times, (rate, per_core) = in_memory(), rewrapped()
    for name, each in times.items():
        print(f"{name:<28} {each:7.0f} us of CPU   {1e6 / each:8.0f} a second")
    print(f"{'rewrap, in PostgreSQL':<28} {1e6 / rate:7.0f} us          {rate:8.0f} a second")
    print(f"{'the same, own CPU alone':<28} {1e6 / per_core:7.0f} us of CPU   {per_core:8.0f} a second")
    print(f"goals: open {OPEN_GOAL_US} us, rewrap {REWRAP_GOAL} a second")
    return int(times["open, from row to key"] > OPEN_GOAL_US or rate < REWRAP_GOAL)


if __name__ == "__main__":
    sys.exit(main())
