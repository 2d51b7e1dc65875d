from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


def _from_environment(name: str) -> str | None:
    return os.environ.get(name) or None


def _models_dir() -> Path | None:
    given = _from_environment("DUCTAPE_MODELS_DIR")
    return Path(given) if given else None


@dataclass(frozen=True)
class StackOptions:
    """What to start, and where."""

    data: Path = Path(".ductape")
    host: str = "127.0.0.1"
    port: int | None = None
    """Of control. 8700 or any free one unless given."""
    runner_port: int | None = None
    """8701 or any free one unless given."""
    models_dir: Path | None = field(default_factory=_models_dir)
    """`DUCTAPE_MODELS_DIR`, or models/ in the data directory."""
    database_url: str | None = field(default_factory=lambda: _from_environment("DATABASE_URL"), repr=False)
    """`DATABASE_URL`, or an embedded PostgreSQL."""
    database_owner_url: str | None = field(default_factory=lambda: _from_environment("DATABASE_OWNER_URL"), repr=False)
    """`DATABASE_OWNER_URL`: the owner of the tables, if the role of `database_url` is not to own them."""
    redis_url: str | None = field(default_factory=lambda: _from_environment("REDIS_URL"), repr=False)
    """`REDIS_URL`, or an embedded Valkey."""
    demo_model: bool = False
    """Unpack the demo's model into the models directory."""
    services_only: bool = False
    """Start PostgreSQL and Valkey and nothing else."""
    quiet: bool = False
    """Print no progress."""
