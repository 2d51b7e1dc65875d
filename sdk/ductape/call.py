"""Requests as descriptions. Resources describe, transports send: one definition of each call for every transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from uuid import uuid4

from ductape.errors import ValidationError

T = TypeVar("T")
Service = Literal["control", "runner"]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    parse: Callable[[Any], T]
    """Makes the typed result from decoded JSON: of the whole answer, or of each event of a stream."""
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    service: Service = "control"
    timeout: float | None = None
    """Seconds; `None` is the client's own."""
    authenticated: bool = True
    idempotency_key: str | None = None
    """The server does what carries it once, and answers the same however often it arrives."""
    if_version: int | None = None
    """The version that is to be changed; if there is another one by now, nothing is."""

    harmless: bool = False
    """A POST that changes nothing."""

    @property
    def idempotent(self) -> bool:
        """Sending it twice does what sending it once does."""
        return self.harmless or self.method in {"GET", "PUT", "DELETE"} or self.idempotency_key is not None

    def headers(self) -> dict[str, str]:
        """All but the one that authenticates."""
        headers = {} if self.body is None else {"Content-Type": "application/json"}
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = self.idempotency_key
        if self.if_version is not None:
            headers["If-Match"] = f'"{self.if_version}"'
        return headers

    def content(self) -> bytes | None:
        """The body as JSON.

        Raises:
            ValidationError: it holds NaN or infinity, which JSON cannot say.
        """
        if self.body is None:
            return None
        try:
            return json.dumps(self.body, allow_nan=False, separators=(",", ":")).encode()
        except ValueError:
            pass
        raise ValidationError("the input holds NaN or an infinite number, which JSON cannot say")


def new_key() -> str:
    """An idempotency key for something that is to be done once."""
    return str(uuid4())


Flow: TypeAlias = Generator[Call[Any], Any, T]
"""Several calls as one operation: yields calls, is sent their results (or thrown their errors), returns its own."""
