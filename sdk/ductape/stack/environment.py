from __future__ import annotations

import os

_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "HF_HOME", "HF_HUB_OFFLINE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def base_environment() -> dict[str, str]:
    """What every child may see of ours. A list of names to pass on, so that no secret is inherited by accident."""
    return {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")
    } | {"PYTHONUNBUFFERED": "1"}  # fmt: skip
