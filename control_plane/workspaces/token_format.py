"""Access tokens: `dts_` + 30 base62 characters (178 bits) + `_` + 6 base62 characters of CRC-32.

The prefix lets scanners find leaked tokens; the checksum refuses typos and guesses without a database query.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib

_ALPHABET = string.digits + string.ascii_letters
_FORMAT = re.compile(r"dts_([0-9A-Za-z]{30})_([0-9A-Za-z]{6})", re.ASCII)


def new_token() -> str:
    body = "".join(secrets.choice(_ALPHABET) for _ in range(30))
    return f"dts_{body}_{_checksum(body)}"


def well_formed(token: str) -> bool:
    match = _FORMAT.fullmatch(token)
    return match is not None and hmac.compare_digest(match[2], _checksum(match[1]))


def digest(token: str, pepper: bytes) -> str:
    """What is stored: without the pepper, which is not in the database, a stolen table helps nobody."""
    return hmac.new(pepper, token.encode(), hashlib.sha256).hexdigest()


def shown(token: str) -> str:
    """The part by which people tell tokens apart."""
    return token[:12]


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = []
    for _ in range(6):
        value, index = divmod(value, 62)
        digits.append(_ALPHABET[index])
    return "".join(reversed(digits))
