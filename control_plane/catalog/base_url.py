from __future__ import annotations

import re
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from control_plane.api.errors import ApiError
from workers.models.egress import parse_allowed, refusal

# A name, an IPv4 address in any of its spellings, or an IPv6 address: nothing that readers of URLs disagree about.
_PLACE = re.compile(r"([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_PORTS = {"http": 80, "https": 443}


def check_base_url(url: str) -> None:
    """Refuse what cannot be a provider's address, and addresses that would not be dialled.

    What a name stands for is judged when it is dialled, each time.

    Raises:
        ApiError: 422, without the URL in the message: it may hold a credential.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and parts.port != 0
    except ValueError:
        usable = False
    if usable and "@" in parts.netloc:
        raise _refused("leave user and password out; give the key as api_key")
    if not usable or not _PLACE.fullmatch(parts.netloc) or not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        raise _refused("give an http:// or https:// URL")
    if parts.query or parts.fragment:
        raise _refused("leave ? and # out")
    _refuse_closed_address(parts)


def _refuse_closed_address(parts: SplitResult) -> None:
    address = _address(parts.hostname or "")
    port = parts.port or _PORTS[parts.scheme]
    reason = refusal(address, port, parse_allowed(settings.EGRESS_ALLOW)) if address else None
    if reason is not None:
        raise _refused(f"{reason}; give a public one, or let the operator open a private one with DUCTAPE_EGRESS_ALLOW")


def _address(host: str) -> str | None:
    """The IP address that a resolver would read from the host without asking anybody; `None`: it is a name."""
    if ":" in host:
        return host
    try:
        # As the resolver does: 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 are all 127.0.0.1.
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _refused(reason: str) -> ApiError:
    return ApiError(422, "invalid_argument", f"base_url: {reason}", param="base_url")
