"""Where the client's settings come from: the call beats the constructor, which beats the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ductape.errors import ConfigurationError

DEFAULT_BASE_URL = "http://127.0.0.1:8700"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What one client uses unless a call says otherwise."""

    access_key: str = field(repr=False)
    base_url: str
    runner_url: str | None
    """`None`: ask the base URL once, at the first call that needs it."""
    product: str | None
    env: str | None
    timeout: float
    """Seconds to connect, and between two bytes of an answer."""
    max_retries: int
    product_key_fingerprint: str | None = None
    """What the sealing key must be; `None`: what the server says."""

    def product_or(self, given: str | None) -> str:
        """Raises: ConfigurationError: neither the call nor the client names a product."""
        return _required("product", given, self.product)

    def env_or(self, given: str | None) -> str:
        """Raises: ConfigurationError: neither the call nor the client names an environment."""
        return _required("env", given, self.env)


def load(
    *,
    access_key: str | None,
    base_url: str | None,
    runner_url: str | None,
    product: str | None,
    env: str | None,
    timeout: float,
    max_retries: int,
    product_key_fingerprint: str | None,
) -> ClientSettings:
    """Raises: ConfigurationError: no usable access key or URL."""
    runner = runner_url or os.environ.get("DUCTAPE_RUNNER_URL")
    return ClientSettings(
        access_key=_usable_key(access_key or os.environ.get("DUCTAPE_ACCESS_KEY")),
        base_url=_usable_url(base_url or os.environ.get("DUCTAPE_BASE_URL") or DEFAULT_BASE_URL, "base_url"),
        runner_url=_usable_url(runner, "runner_url") if runner else None,
        product=product or os.environ.get("DUCTAPE_PRODUCT") or None,
        env=env or os.environ.get("DUCTAPE_ENV") or None,
        timeout=timeout,
        max_retries=max_retries,
        product_key_fingerprint=product_key_fingerprint or os.environ.get("DUCTAPE_PRODUCT_KEY_FINGERPRINT") or None,
    )


def runner_url(base_url: str, told: str | None) -> str:
    """Where runs go, by what the server at the base URL told; `None`: it runs them itself.

    Raises:
        ConfigurationError: the access key should not go there.
    """
    if told is None:
        return base_url
    if base_url.startswith("https:") and not told.startswith("https:"):
        raise ConfigurationError("the server names a runner without TLS; pass runner_url= if that is meant")
    return _usable_url(told, "runner_url")


def _usable_url(url: str, name: str) -> str:
    """Without the trailing slash.

    Raises:
        ConfigurationError: not an http or https URL, or one that carries credentials, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        # The URL itself stays out of the message: it may hold a password.
        raise ConfigurationError(f"{name} must look like https://ductape.example.com, without user, query or fragment")
    return url.rstrip("/")


def _usable_key(key: str | None) -> str:
    if not key:
        raise ConfigurationError("no access_key given: pass access_key= to Ductape(...), or set DUCTAPE_ACCESS_KEY")
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigurationError("access_key has characters that no access key has; is there a line break at its end?")
    return key


def _required(name: str, given: str | None, default: str | None) -> str:
    value = default if given is None else given
    if value is None:
        message = f"no {name} given: pass {name}= to the call or to Ductape(...), or set DUCTAPE_{name.upper()}"
        raise ConfigurationError(message, param=name)
    return value
