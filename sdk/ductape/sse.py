"""Server-sent events from bytes, however the network cut them. Reads no socket, so that any transport can use it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_EVENT_BYTES = 1024 * 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A carriage return at the end of what has arrived may be half of a CRLF: it waits for the next byte.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


class Event(NamedTuple):
    name: str
    data: bytes


class EventTooLarge(ValueError):
    """An event, or a line of one, exceeds `max_bytes`."""


class EventDecoder:
    """Feed it chunks, take events. Comments (heartbeats) and unknown fields vanish, as does an unfinished event."""

    def __init__(self, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._tail = b""
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Raises: EventTooLarge: the event under way has grown beyond the limit."""
        *lines, self._tail = _LINE_END.split(self._tail + chunk)
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                yield self._take()
            else:
                self._name = ""
        self._check(len(self._tail))

    def _field(self, line: bytes) -> None:
        self._check(len(line))
        field, _, value = line.removeprefix(_BYTE_ORDER_MARK).partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(line)
        elif field == b"event":
            self._name = value.decode(errors="replace")

    def _take(self) -> Event:
        event = Event(self._name or "message", b"\n".join(self._data))
        self._name, self._data, self._size = "", [], 0
        return event

    def _check(self, growth: int) -> None:
        if self._size + growth > self._max_bytes:
            raise EventTooLarge(f"an event exceeds {self._max_bytes} bytes")
