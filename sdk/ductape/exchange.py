"""What both transports do alike: all but moving bytes and waiting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Generic, TypeVar

from ductape import answers, retries
from ductape.call import Call
from ductape.errors import DuctapeConnectionError, DuctapeError, DuctapeTimeoutError
from ductape.settings import ClientSettings
from ductape.sse import EventDecoder, EventTooLarge
from ductape.types.base import Output
from ductape.types.runs import EVENT_TYPES

T = TypeVar("T")

CONNECT_SECONDS = 10.0
LAST_EVENT = "run_ended"
"""A stream that ends without it was cut."""
USER_AGENT = f"ductape-python/{version('ductape')}"


class Root(Output):
    runner_url: str | None = None


FIND_RUNNER = Call("GET", "/api/v1/", Root.model_validate, authenticated=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt without a result. Returned, not raised: raised later, it has no context with the request's headers."""

    error: DuctapeError
    retry_after: float | None = None
    connected: bool = True
    """The request may have reached the server."""


def refused(status: int, headers: Mapping[str, str], body: bytes, settings: ClientSettings) -> Failure:
    return Failure(answers.refusal(status, headers, body, settings.access_key), retries.retry_after(headers))


def untrusted() -> Failure:
    message = "the server's TLS certificate was not accepted; check base_url, or set REQUESTS_CA_BUNDLE"
    return Failure(DuctapeConnectionError(message, "tls_error", retryable=False), connected=False)


def too_slow(*, connected: bool) -> Failure:
    return Failure(DuctapeTimeoutError("no answer in time; raise timeout= or try again"), connected=connected)


def broken(*, connected: bool) -> Failure:
    message = "the connection broke before the answer was whole" if connected else "no connection; is the server up?"
    return Failure(DuctapeConnectionError(message), connected=connected)


def pause(call: Call[Any], failure: Failure, retried: int, settings: ClientSettings) -> float | None:
    """Seconds to wait before the next attempt; `None`: the failure stands."""
    if retried >= settings.max_retries or not failure.error.retryable:
        return None
    # What may have reached the server is sent again only if a second time does no harm.
    if failure.connected and (not call.idempotent or _had_its_time(call, failure)):
        return None
    return retries.pause(retried, failure.retry_after)


def _had_its_time(call: Call[Any], failure: Failure) -> bool:
    return call.timeout is not None and isinstance(failure.error, DuctapeTimeoutError)


def timeouts(call: Call[Any], settings: ClientSettings) -> tuple[float, float]:
    """Seconds to connect, and between two bytes of the answer."""
    return min(CONNECT_SECONDS, settings.timeout), call.timeout or settings.timeout


class RunEvents(Generic[T]):
    """The events of a run, from the bytes of its stream."""

    def __init__(self, call: Call[T], status: int) -> None:
        self._call = call
        self._status = status
        self._decoder = EventDecoder()
        self.ended = False

    def feed(self, chunk: bytes) -> Iterator[T]:
        """Raises: DuctapeConnectionError: an event has grown beyond what one of a run can be."""
        try:
            yield from self._events(chunk)
        except EventTooLarge as error:
            raise DuctapeConnectionError(f"the stream is not one of a run: {error}", retryable=False) from None

    def _events(self, chunk: bytes) -> Iterator[T]:
        for event in self._decoder.feed(chunk):
            # A newer server may have kinds of events that this client does not know.
            if event.name not in EVENT_TYPES:
                continue
            yield answers.result(self._call, self._status, event.data)
            if event.name == LAST_EVENT:
                self.ended = True
                return


def cut() -> DuctapeConnectionError:
    return DuctapeConnectionError("the stream ended before the run did; fetch the run to see what became of it")


def silent() -> DuctapeTimeoutError:
    return DuctapeTimeoutError("the stream fell silent; fetch the run to see what became of it")
