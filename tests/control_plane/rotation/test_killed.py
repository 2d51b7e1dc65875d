"""kill -9 in the middle of a rotation, with readers and writers at work: nothing is lost and doing it again ends it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import connection

from control_plane.catalog.keys import replace_key
from control_plane.catalog.models import ModelEnv, ProviderKey
from control_plane.products.models import Product
from control_plane.products.sealing_keys import rotate_sealing_key, sealing_key
from control_plane.tenancy.entering import in_workspace
from control_plane.vault.key_states import KeyState
from control_plane.vault.keyring import load_keyring
from control_plane.vault.rings import Ring
from ductape.sealing import parse, seal
from ductape.types.entities import SealingKeyRotate
from tests.control_plane.rotation.conftest import Keys, add_model
from tests.control_plane.rotation.opened import opened

pytestmark = pytest.mark.django_db(transaction=True)
MODELS = 6
LEVELS = ("at-rest", "root", "product")


class Life:
    """One reader and one writer of the provider keys of a product. What was written last is known, per environment."""

    def __init__(self, product: Product) -> None:
        self._product, self._over = product, threading.Event()
        self.written: dict[UUID, str] = {}
        self.reads, self.wrong, self.failed = 0, 0, list[str]()
        self._lock = threading.Lock()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._until_over, args=(work,)) for work in (self._read, self._write)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _until_over(self, work: Any) -> None:
        turn = random.Random(7)
        while not self._over.is_set():
            try:
                work(turn)
            except Exception as error:
                self.failed.append(repr(error))
            self._over.wait(0.005)
        connection.close()

    def _read(self, turn: random.Random) -> None:
        with in_workspace(self._product.workspace_id):
            key = turn.choice(
                ProviderKey.objects.exclude(sealed=None).select_related("product_key", *ProviderKey.IDENTITY_FIELDS)
            )
            secret = opened(load_keyring(django_settings.KEYS_DIR), key)
        self.reads += 1
        self.wrong += not secret.startswith((f"v{key.version}-", "dev-", "prd-"))

    def _write(self, turn: random.Random) -> None:
        with self._lock, in_workspace(self._product.workspace_id):
            env = turn.choice(
                ModelEnv.objects.select_related("model__product", "environment").select_for_update(of=("self",))
            )
            secret = f"v{env.key_version + 1}-canary-0123456789"
            sealed = seal(
                sealing_key(self._product), secret, tag=env.model.tag, env=env.environment.slug, provider="xai",
                base_url=None,
            )  # fmt: skip
            replace_key(env, parse(sealed), "")
            env.save(update_fields=["key_version"])
        self.written[env.id] = secret


@pytest.fixture
def rotator(key_dir: Path) -> Iterator[subprocess.Popen[str]]:
    database = connection.settings_dict
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "DJANGO_SETTINGS_MODULE": "control_plane.settings",
        "DUCTAPE_ROLE": "runner",
        "DUCTAPE_KEYS_DIR": str(key_dir / "runner"),
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
    }
    command = [sys.executable, "-m", "tests.control_plane.rotation.rotator"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def ask(rotator: subprocess.Popen[str], level: str, seconds: float) -> str:
    assert rotator.stdin is not None
    assert rotator.stdout is not None
    rotator.stdin.write(f"{level} {seconds}\n")
    rotator.stdin.flush()
    return rotator.stdout.readline().strip()


def begin(level: str, product: Product, key_dir: Path) -> None:
    """Make every row need to be written anew."""
    if level == "product":
        with in_workspace(product.workspace_id):
            product.keys.exclude(retiring_until=None).update(retiring_until="2026-01-01T00:00:00Z")
            rotate_sealing_key(product=product, wanted=SealingKeyRotate(grace_minutes=60))
        return
    ring = Ring(key_dir, level)
    ring.move(ring.stage(), KeyState.ACTIVE)


def kill(level: str, times: int, product: Product, key_dir: Path, rotator: subprocess.Popen[str]) -> Life:
    """Begin anew whenever a rotation came to its end before it was killed."""
    life, chance, killed = Life(product), random.Random(11), 0
    with life.going_on():
        begin(level, product, key_dir)
        while killed < times:
            came_to = ask(rotator, level, chance.uniform(0, 0.06))
            assert came_to in {"done", "killed"}
            killed += came_to == "killed"
            if came_to == "done":
                begin(level, product, key_dir)
    return life


def check_all(life: Life, level: str, product: Product, keys: Keys) -> None:
    keys("rotate", level)
    keys("rotate", level, "--verify")
    assert life.failed == []
    assert (life.wrong, life.reads > 0, len(life.written) > 0) == (0, True, True)
    with in_workspace(product.workspace_id):
        ring = load_keyring(django_settings.KEYS_DIR)
        for key in ProviderKey.objects.filter(model_env__in=life.written, state="active"):
            assert opened(ring, key) == life.written[key.model_env_id]
    assert "every layer was opened" in keys("check")


@pytest.fixture
def models(keyed: Product, alice: Any) -> Product:
    for number in range(MODELS - 1):
        assert add_model(alice, f"m{number}").status_code == 201
    return keyed


def test_killed_rotations_lose_nothing(
    models: Product, keys: Keys, key_dir: Path, rotator: subprocess.Popen[str]
) -> None:
    for level in LEVELS:
        check_all(kill(level, 3, models, key_dir, rotator), level, models, keys)


@pytest.mark.slow
@pytest.mark.skipif("DUCTAPE_LONG_TESTS" not in os.environ, reason="takes a minute; DUCTAPE_LONG_TESTS=1 runs it")
@pytest.mark.parametrize("level", LEVELS)
def test_a_hundred_kills_lose_nothing(
    models: Product, keys: Keys, key_dir: Path, rotator: subprocess.Popen[str], level: str
) -> None:
    check_all(kill(level, 100, models, key_dir, rotator), level, models, keys)
