from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any, TypeVar

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from ductape import answers, retries
from ductape.call import Call, Flow, Service
from ductape.errors import DuctapeConnectionError, DuctapeError, DuctapeTimeoutError
from ductape.settings import ClientSettings, runner_url
from ductape.sse import Event, EventDecoder, EventTooLarge
from ductape.types.base import Output

T = TypeVar("T")

CONNECT_SECONDS = 10.0
READ_BYTES = 64 * 1024
LAST_EVENT = "run_ended"
"""A stream that ends without it was cut."""


class _Authorization(AuthBase):
    """Sets the header itself: a header of the session would give way to an entry in the user's ~/.netrc."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


_ANONYMOUS = _Authorization(None)


class _Root(Output):
    runner_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Failure:
    error: DuctapeError
    retry_after: float | None = None
    connected: bool = True
    """The request may have reached the server."""


class Transport:
    """Sends calls over pooled connections. Thread-safe; nothing is sent before the first call."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._runner_url = settings.runner_url
        self._authorization = _Authorization(settings.access_key)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"ductape-python/{version('ductape')}"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def send(self, call: Call[T]) -> T:
        """Raises: DuctapeError: refused, or no answer after the retries."""
        response = self._exchange(call, stream=False)
        return answers.result(call, response.status_code, response.content)

    def run(self, flow: Flow[T]) -> T:
        """Send what the flow yields until it returns."""
        try:
            call = next(flow)
            while True:
                call = self._advance(flow, call)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def stream(self, call: Call[T | None]) -> Generator[T, None, None]:
        """Yield the events of a run. Closing the generator closes the connection.

        Raises:
            DuctapeError: refused; `DuctapeConnectionError`: the stream ended before the run did.
        """
        with self._exchange(call, stream=True) as response:
            for event in self._events(response):
                result = answers.result(call, response.status_code, event.data)
                if result is not None:
                    yield result
                if event.name == LAST_EVENT:
                    return
        raise DuctapeConnectionError("the stream ended before the run did; fetch the run to see what became of it")

    def close(self) -> None:
        self._session.close()

    def _advance(self, flow: Flow[T], call: Call[Any]) -> Call[Any]:
        try:
            result = self.send(call)
        except DuctapeError as error:
            return flow.throw(error)
        return flow.send(result)

    def _exchange(self, call: Call[T], *, stream: bool) -> requests.Response:
        url = self._base_url(call.service) + call.path
        content = call.content()
        retried = 0
        while isinstance(outcome := self._attempt(call, url, content, stream), _Failure):
            seconds = self._pause(call, outcome, retried)
            if seconds is None:
                raise outcome.error
            time.sleep(seconds)
            retried += 1
        return outcome

    def _pause(self, call: Call[T], failure: _Failure, retried: int) -> float | None:
        # What may have reached the server is sent again only if a second time does no harm.
        harmless = call.idempotent or not failure.connected
        if retried >= self._settings.max_retries or not failure.error.retryable or not harmless:
            return None
        return retries.pause(retried, failure.retry_after)

    def _attempt(self, call: Call[T], url: str, content: bytes | None, stream: bool) -> requests.Response | _Failure:
        """Failures are returned, not raised: raised later, they have no context that holds the request's headers."""
        try:
            response = self._session.request(
                call.method,
                url,
                params=call.query,
                data=content,
                headers={"Content-Type": "application/json"} if content is not None else {},
                auth=self._authorization if call.authenticated else _ANONYMOUS,
                timeout=(min(CONNECT_SECONDS, self._settings.timeout), call.timeout or self._settings.timeout),
                allow_redirects=False,
                stream=stream,
            )
            if response.status_code < 300:
                return response
            body = response.content
        except requests.RequestException as error:
            return _transport_failure(error)
        refusal = answers.refusal(response.status_code, response.headers, body, self._settings.access_key)
        return _Failure(refusal, retries.retry_after(response.headers))

    def _events(self, response: requests.Response) -> Generator[Event, None, None]:
        decoder = EventDecoder()
        while chunk := self._read(response):
            try:
                yield from decoder.feed(chunk)
            except EventTooLarge as error:
                raise DuctapeConnectionError(f"the stream is not one of a run: {error}", retryable=False) from None

    def _read(self, response: requests.Response) -> bytes:
        """What has arrived, at least one byte; empty at the end and when the connection broke."""
        try:
            chunk: bytes = response.raw.read1(READ_BYTES, decode_content=True)
        except urllib3.exceptions.ReadTimeoutError:
            pass
        except urllib3.exceptions.HTTPError:
            return b""
        else:
            return chunk
        raise DuctapeTimeoutError("the stream fell silent; fetch the run to see what became of it")

    def _base_url(self, service: Service) -> str:
        if service == "control":
            return self._settings.base_url
        if self._runner_url is None:
            root = self.send(Call("GET", "/api/v1/", _Root.model_validate, authenticated=False))
            self._runner_url = runner_url(self._settings.base_url, root.runner_url)
        return self._runner_url


def _transport_failure(error: requests.RequestException) -> _Failure:
    if isinstance(error, requests.exceptions.SSLError):
        message = "the server's TLS certificate was not accepted; check base_url, or set REQUESTS_CA_BUNDLE"
        return _Failure(DuctapeConnectionError(message, "tls_error", retryable=False), connected=False)
    connected = not _never_connected(error)
    if isinstance(error, requests.Timeout):
        return _Failure(DuctapeTimeoutError("no answer in time; raise timeout= or try again"), connected=connected)
    message = "the connection broke before the answer was whole" if connected else "no connection; is the server up?"
    return _Failure(DuctapeConnectionError(message), connected=connected)


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
