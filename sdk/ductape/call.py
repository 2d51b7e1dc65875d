"""Requests as descriptions. Resources describe, transports send: one definition of each call for every transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

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

    @property
    def idempotent(self) -> bool:
        """Sending it twice does what sending it once does."""
        return self.method in {"GET", "PUT", "DELETE"}

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


Flow: TypeAlias = Generator[Call[Any], Any, T]
"""Several calls as one operation: yields calls, is sent their results (or thrown their errors), returns its own."""
