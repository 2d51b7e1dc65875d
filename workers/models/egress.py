"""The one door for outgoing connections.

Base URLs come from tenants, so the door judges the address that is really dialled, after name resolution: no spelling
of a name and no change of a DNS record gets around it. It refuses everything but public unicast addresses, unless the
operator allowed exactly that address and port. Metadata services and link-local addresses are never allowed.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType
    from aiohttp import ClientSession

Address: TypeAlias = IPv4Address | IPv6Address
Allowed: TypeAlias = frozenset[tuple[Address, int]]

MAX_HEADERS = 128
MAX_HEADER_BYTES = 8192
"""Of one header of an answer."""

_REFUSED_V4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "168.63.129.16/32",
    )
]
_GLOBAL_V6 = IPv6Network("2000::/3")
# Inside the global range, but tunnels into IPv4 (Teredo, 6to4), protocol assignments and documentation.
_REFUSED_V6 = [IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
_NEVER_V4 = [
    IPv4Network(text) for text in ("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32")
]
_NEVER_V6 = [IPv6Network(text) for text in ("fe80::/10", "fd00:ec2::/32", "fd20:ce::/32")]


class EgressRefused(OSError):
    """Raised where the socket would have been made; an OSError, so that the connector tries the name's next address."""


class Egress:
    """Sessions whose connections pass the door: one per event loop, for everything that loop calls.

    Args:
        allowed: what the operator allows beside public addresses; see `parse_allowed`.
    """

    def __init__(self, allowed: Allowed = frozenset()) -> None:
        self._allowed = allowed
        self._sessions: dict[asyncio.AbstractEventLoop, ClientSession] = {}

    def session(self) -> ClientSession:
        """The running loop's session. Follows no proxy settings and keeps no cookies."""
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            self._forget_closed_loops()
            session = self._sessions[loop] = self._open()
        return session

    async def close(self) -> None:
        """Close the running loop's session; to be called before the loop ends."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    def _open(self) -> ClientSession:
        import aiohttp

        # How many calls run at once is decided before they come here. We ask for plain bodies, and what is sent
        # compressed all the same is not blown up in our memory.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60, socket_factory=self._socket)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
            headers={"Accept-Encoding": "identity", "User-Agent": "ductape"},
            trust_env=False,
        )

    def _forget_closed_loops(self) -> None:
        # Loops of other threads come and go meanwhile.
        for loop in [loop for loop in list(self._sessions) if loop.is_closed()]:
            self._sessions.pop(loop, None)

    def _socket(self, target: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = target
        reason = refusal(address[0], address[1], self._allowed)
        if reason is not None:
            raise EgressRefused(reason)
        return socket.socket(family, kind, protocol)


def refusal(address: str, port: int, allowed: Allowed) -> str | None:
    """Why a connection to this IP address is refused; `None`: it is not."""
    try:
        ip = _unmapped(ip_address(address.partition("%")[0]))
    except ValueError:
        return "not an IP address"
    if _is_never_allowed(ip):
        return "a metadata or link-local address"
    if (ip, port) in allowed or _is_public(ip):
        return None
    return "not a public address"


def parse_allowed(text: str) -> Allowed:
    """From the text of DUCTAPE_EGRESS_ALLOW, such as `127.0.0.1:8080,[::1]:8080`.

    Raises:
        ValueError: an entry is not ip:port, or can never be allowed.
    """
    return frozenset(_parse_entry(entry.strip()) for entry in text.split(",") if entry.strip())


def _parse_entry(entry: str) -> tuple[Address, int]:
    host, _, port = entry.rpartition(":")
    try:
        ip = _unmapped(ip_address(host.removeprefix("[").removesuffix("]")))
        number = int(port)
    except ValueError:
        message = f"DUCTAPE_EGRESS_ALLOW: {entry!r} is not ip:port, such as 127.0.0.1:8080 or [::1]:8080"
        raise ValueError(message) from None
    if _is_never_allowed(ip):
        raise ValueError(f"DUCTAPE_EGRESS_ALLOW: {entry!r} is a metadata or link-local address, which is never allowed")
    return ip, number


def _unmapped(ip: Address) -> Address:
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def _is_public(ip: Address) -> bool:
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _REFUSED_V4)
    return ip in _GLOBAL_V6 and not any(ip in network for network in _REFUSED_V6)


def _is_never_allowed(ip: Address) -> bool:
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in _NEVER_V4)
    if any(ip in network for network in _NEVER_V6):
        return True
    return not _is_public(ip) and any(_is_never_allowed(inner) for inner in _embedded(ip))


def _embedded(ip: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that a translator or tunnel may read out of this one."""
    low_bits = IPv4Address(int(ip) & 0xFFFFFFFF)
    return [inner for inner in (low_bits, ip.sixtofour, *(ip.teredo or ())) if inner is not None]
