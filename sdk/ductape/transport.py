from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from ductape import answers, exchange
from ductape.call import Call, Flow, Service
from ductape.errors import DuctapeError
from ductape.exchange import Failure, RunEvents
from ductape.settings import ClientSettings, runner_url

T = TypeVar("T")

READ_BYTES = 64 * 1024


class _Authorization(AuthBase):
    """Sets the header itself: a header of the session would give way to an entry in the user's ~/.netrc."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


_ANONYMOUS = _Authorization(None)


class Transport:
    """Sends calls over pooled connections. Thread-safe; nothing is sent before the first call."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._runner_url = settings.runner_url
        self._authorization = _Authorization(settings.access_key)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = exchange.USER_AGENT
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def perform(self, describe: Callable[[], Call[T] | Flow[T]]) -> T:
        """Raises: DuctapeError: refused, or no answer after the retries."""
        described = describe()
        return self._send(described) if isinstance(described, Call) else self._run(described)

    def stream(self, call: Call[T]) -> Generator[T, None, None]:
        """Yield the events of a run. Closing the generator closes the connection.

        Raises:
            DuctapeError: refused; `DuctapeConnectionError`: the stream ended before the run did.
        """
        with self._exchange(call, stream=True) as response:
            events = RunEvents(call, response.status_code)
            while not events.ended and (chunk := self._read(response)):
                yield from events.feed(chunk)
        if not events.ended:
            raise exchange.cut()

    def close(self) -> None:
        self._session.close()

    def _send(self, call: Call[T]) -> T:
        response = self._exchange(call, stream=False)
        return answers.result(call, response.status_code, response.content)

    def _run(self, flow: Flow[T]) -> T:
        """Send what the flow yields until it returns."""
        step = partial(next, flow)
        while True:
            try:
                call = step()
            except StopIteration as stop:
                result: T = stop.value
                return result
            step = self._step(flow, call)

    def _step(self, flow: Flow[T], call: Call[Any]) -> partial[Call[Any]]:
        try:
            result = self._send(call)
        except DuctapeError as error:
            return partial(flow.throw, error)
        return partial(flow.send, result)

    def _exchange(self, call: Call[T], *, stream: bool) -> requests.Response:
        url = self._base_url(call.service) + call.path
        content = call.content()
        retried = 0
        while isinstance(outcome := self._attempt(call, url, content, stream), Failure):
            seconds = exchange.pause(call, outcome, retried, self._settings)
            if seconds is None:
                raise outcome.error
            time.sleep(seconds)
            retried += 1
        return outcome

    def _attempt(self, call: Call[T], url: str, content: bytes | None, stream: bool) -> requests.Response | Failure:
        try:
            response = self._session.request(
                call.method,
                url,
                params=call.query,
                data=content,
                headers=call.headers(),
                auth=self._authorization if call.authenticated else _ANONYMOUS,
                timeout=exchange.timeouts(call, self._settings),
                allow_redirects=False,
                stream=stream,
            )
            if response.status_code < 300:
                return response
            body = response.content
        except requests.RequestException as error:
            return _failure(error)
        return exchange.refused(response.status_code, response.headers, body, self._settings)

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
        raise exchange.silent()

    def _base_url(self, service: Service) -> str:
        if service == "control":
            return self._settings.base_url
        if self._runner_url is None:
            self._runner_url = runner_url(self._settings.base_url, self._send(exchange.FIND_RUNNER).runner_url)
        return self._runner_url


def _failure(error: requests.RequestException) -> Failure:
    if isinstance(error, requests.exceptions.SSLError):
        return exchange.untrusted()
    connected = not _never_connected(error)
    if isinstance(error, requests.Timeout):
        return exchange.too_slow(connected=connected)
    return exchange.broken(connected=connected)


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
