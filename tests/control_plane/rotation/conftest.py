from __future__ import annotations

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from control_plane.products.models import Product
from control_plane.vault import keyring
from control_plane.vault.keyring import Keyring, load_keyring
from ductape import sealing
from ductape.types.entities import SealingKey

SECRET = "canary-0123456789-wxyz"
Keys = Callable[..., str]


@pytest.fixture
def key_dir(tmp_path: Path, key_files: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Key files of one's own, looked at each time; this process is a runner."""
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    directory = Path(shutil.copytree(key_files, tmp_path / "keys"))
    settings.KEYS_DIR = directory / "runner"
    return directory


@pytest.fixture
def ring(key_dir: Path) -> Callable[[], Keyring]:
    return lambda: load_keyring(key_dir / "runner")


@pytest.fixture
def keys(key_dir: Path) -> Keys:
    """`manage.py keys ...`, and what it prints."""

    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("keys", *arguments, stdout=out, stderr=out)
        return out.getvalue()

    return run


@pytest.fixture
def keyed(key_dir: Path, shop: Product, alice: Any) -> Product:
    """The shop with the model `gpt` and a key in dev and in prd."""
    add_model(alice, "gpt")
    return shop


def add_model(alice: Any, tag: str, *, key: SealingKey | None = None) -> Any:
    key = key or SealingKey.model_validate(alice.get("products/shop/sealing-key").json())
    envs = [
        {
            "slug": slug,
            "sealed_api_key": sealing.seal(key, f"{slug}-{SECRET}", tag=tag, env=slug, provider="xai", base_url=None),
            "key_hint": sealing.hint(SECRET),
        }
        for slug in ("dev", "prd")
    ]
    body = {"tag": tag, "name": "M", "provider": "xai", "model": "grok", "envs": envs}
    return alice.post("products/shop/models", body)
