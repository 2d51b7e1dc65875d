"""Typed reading of the process environment. Secrets come from files, never from here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"set {name}")
    return value


def optional(name: str) -> str | None:
    return os.environ.get(name) or None


def flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes"}


def number(name: str, default: int) -> int:
    try:
        value = int(os.environ.get(name) or default)
    except ValueError:
        value = -1
    if value < 0:
        raise ImproperlyConfigured(f"{name} must be a whole number from 0")
    return value


def words(name: str, default: str) -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret_file(path: Path) -> str:
    """The text of a secret's file; empty when there is none, which Django then refuses where it needs it."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def database(name: str) -> dict[str, Any]:
    """A Django database from a URL: `postgresql://user:password@host:port/name?option=value`.

    A unix socket is `?host=/its/directory`. Other query parameters are libpq's own.

    Raises:
        ImproperlyConfigured: the variable is unset or not a PostgreSQL URL.
    """
    url = urlsplit(text(name))
    if url.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"{name} must be a postgresql:// URL: PostgreSQL is the only database")
    options: dict[str, Any] = dict(parse_qsl(url.query))
    host = options.pop("host", None) or url.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": host,
        "PORT": str(url.port or ""),
        "OPTIONS": options,
    }
