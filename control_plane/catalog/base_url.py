from __future__ import annotations

from urllib.parse import urlsplit

from control_plane.api.errors import ApiError


def check_base_url(url: str) -> None:
    """Refuse what cannot be a provider's address. Whether it may be dialled is judged when it is dialled.

    Raises:
        ApiError: 422, without the URL in the message: it may hold a credential.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused("give an http:// or https:// URL")
    if parts.username or parts.password:
        raise _refused("leave user and password out; give the key as api_key")
    if parts.query or parts.fragment:
        raise _refused("leave ? and # out")


def _refused(reason: str) -> ApiError:
    return ApiError(422, "invalid_argument", f"base_url: {reason}", param="base_url")
