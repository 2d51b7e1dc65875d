"""API keys out of the environment: a comfort for who uses the model layer as a library, and never for a server."""

from __future__ import annotations

import os

from pydantic import SecretStr

from workers.models.wires import PROVIDERS

_allowed = True


def forbid_environment_keys() -> None:
    """For the rest of this process. A server's own key must not pay for, or be sent to, its tenants' addresses."""
    global _allowed
    _allowed = False


def environment_key(provider: str, base_url: str | None) -> SecretStr | None:
    """The key of the provider's variable; `None` where there is none.

    Args:
        base_url: another address than the provider's own gets no key that was not meant for it.
    """
    row = PROVIDERS.get(provider)
    if not _allowed or row is None or row.key_variable is None or base_url not in (None, row.default_base_url):
        return None
    key = os.environ.get(row.key_variable)
    return SecretStr(key) if key else None
