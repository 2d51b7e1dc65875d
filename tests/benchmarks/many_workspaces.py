"""Is the cost of a call independent of the number of workspaces?

`PYTHONPATH=. python tests/benchmarks/many_workspaces.py` times fetch, list and resolve of one workspace's 20 models
over the real API and database, alone and beside 999 other workspaces with 20 models each: medians, goal 1.5 x.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import requests

from ductape import Ductape
from ductape.stack import Stack, StackOptions

CALLS = 300
OTHERS = 999
MODELS = 20
GOAL = 1.5

# Rows of other tenants, made from alice's own by the owner of the tables: it is their number that counts.
FILL = """
    SELECT set_config('ductape.workspace', 'every', false);
    CREATE TEMP TABLE tenants AS
        SELECT gen_random_uuid() AS workspace, gen_random_uuid() AS product, n FROM generate_series(1, %(others)s) n;
    INSERT INTO workspaces_workspace (id, tag, name, created_at) SELECT workspace, 'w' || n, 'W', now() FROM tenants;
    INSERT INTO products_product (id, workspace_id, tag, name, description, created_at, updated_at)
        SELECT product, workspace, 'shop', 'Shop', '', now(), now() FROM tenants;
    INSERT INTO catalog_model (id, workspace_id, product_id, tag, name, description, provider, model_name, settings,
                               limits, locks, version, created_at, updated_at)
        SELECT gen_random_uuid(), workspace, product, 'm' || k, 'M', '', 'openai', 'gpt-5', '{}', '{}', '[]', 1, now(),
               now()
        FROM tenants, generate_series(1, %(models)s) k;
    ANALYZE;
"""


def median_ms(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def measure(client: Ductape) -> dict[str, float]:
    return {
        "fetch": median_ms(lambda: client.model.fetch(tag="m7")),
        "list": median_ms(lambda: client.model.fetch_all()),
        "resolve": median_ms(lambda: client.model.resolve(tag="m7")),
    }


def main() -> int:
    os.environ.pop("DATABASE_URL", None)
    with (
        tempfile.TemporaryDirectory() as data,
        Stack(StackOptions(data=Path(data) / "data", quiet=True)) as stack,
        Ductape(
            base_url=stack.control_url, access_key=stack.credentials.access_key, product="shop", env="dev"
        ) as client,
    ):
        client.product.create(name="Shop", envs=[{"slug": "dev"}])
        for number in range(1, MODELS + 1):
            client.model.create(tag=f"m{number}", name="M", provider="openai", model="gpt-5", envs=[{"slug": "dev"}])
        alone = measure(client)
        with psycopg.connect(stack.database_owner_url) as owner:
            owner.execute(FILL.replace("%(others)s", str(OTHERS)).replace("%(models)s", str(MODELS)).encode())
        assert requests.get(f"{stack.control_url}/healthz", timeout=5).ok
        beside = measure(client)
    print(f"median ms of {CALLS} calls    1 workspace    {OTHERS + 1} workspaces    ratio (goal {GOAL})")
    for name, before in alone.items():
        print(f"{name:<10} {before:26.2f} {beside[name]:18.2f} {beside[name] / before:12.2f}")
    return int(any(beside[name] > GOAL * before for name, before in alone.items()))


if __name__ == "__main__":
    sys.exit(main())
