from __future__ import annotations

import asyncio
import io
import os
import ssl
from collections.abc import AsyncGenerator, Callable
from functools import cache, partial
from typing import Any, TypeVar

import aiohttp
import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

from ductape import answers, exchange
from ductape.call import Call, Flow, Service
from ductape.errors import DuctapeError
from ductape.exchange import Failure, RunEvents
from ductape.settings import ClientSettings, runner_url

T = TypeVar("T")


class AsyncTransport:
    """Sends calls over pooled connections, one pool an event loop. Nothing is sent before the first call."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._runner_url = settings.runner_url
        self._sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}

    async def perform(self, describe: Callable[[], Call[T] | Flow[T]]) -> T:
        """Raises: DuctapeError: refused, or no answer after the retries."""
        described = describe()
        return await (self._send(described) if isinstance(described, Call) else self._run(described))

    async def stream(self, call: Call[T]) -> AsyncGenerator[T, None]:
        """Yield the events of a run. Closing the generator closes the connection.

        Raises:
            DuctapeError: refused; `DuctapeConnectionError`: the stream ended before the run did.
        """
        response = await self._exchange(call, stream=True)
        try:
            events = RunEvents(call, response.status)
            while not events.ended and (chunk := await self._read(response)):
                for event in events.feed(chunk):
                    yield event
        finally:
            response.close()
        if not events.ended:
            raise exchange.cut()

    async def close(self) -> None:
        """Close the connections of the running loop."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    async def _send(self, call: Call[T]) -> T:
        response = await self._exchange(call, stream=False)
        return answers.result(call, response.status, await response.read())

    async def _run(self, flow: Flow[T]) -> T:
        """Send what the flow yields until it returns."""
        step = partial(next, flow)
        while True:
            try:
                call = step()
            except StopIteration as stop:
                result: T = stop.value
                return result
            step = await self._step(flow, call)

    async def _step(self, flow: Flow[T], call: Call[Any]) -> partial[Call[Any]]:
        try:
            result = await self._send(call)
        except DuctapeError as error:
            return partial(flow.throw, error)
        return partial(flow.send, result)

    async def _exchange(self, call: Call[T], *, stream: bool) -> aiohttp.ClientResponse:
        url = await self._base_url(call.service) + call.path
        content = call.content()
        retried = 0
        while isinstance(outcome := await self._attempt(call, url, content, stream), Failure):
            seconds = exchange.pause(call, outcome, retried, self._settings)
            if seconds is None:
                raise outcome.error
            await asyncio.sleep(seconds)
            retried += 1
        return outcome

    async def _attempt(
        self, call: Call[T], url: str, content: bytes | None, stream: bool
    ) -> aiohttp.ClientResponse | Failure:
        connect, read = exchange.timeouts(call, self._settings)
        try:
            response = await self._session().request(
                call.method,
                url,
                params=call.query,
                # In a file, because aiohttp warns of large bodies given as bytes.
                data=None if content is None else io.BytesIO(content),
                headers=self._headers(call),
                timeout=aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read),
                allow_redirects=False,
                **_route(url),
            )
            if stream and response.status < 300:
                return response
            body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return _failure(error)
        if response.status < 300:
            return response
        return exchange.refused(response.status, response.headers, body, self._settings)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """What has arrived, at least one byte; empty at the end and when the connection broke."""
        try:
            return await response.content.readany()
        except TimeoutError:
            pass
        except aiohttp.ClientError:
            return b""
        raise exchange.silent()

    def _headers(self, call: Call[Any]) -> dict[str, str]:
        headers = call.headers()
        if call.authenticated:
            headers["Authorization"] = f"Bearer {self._settings.access_key}"
        return headers

    async def _base_url(self, service: Service) -> str:
        if service == "control":
            return self._settings.base_url
        if self._runner_url is None:
            root = await self._send(exchange.FIND_RUNNER)
            self._runner_url = runner_url(self._settings.base_url, root.runner_url)
        return self._runner_url

    def _session(self) -> aiohttp.ClientSession:
        """The running loop's session: connections belong to the loop that opened them."""
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            self._forget_closed_loops()
            self._sessions[loop] = aiohttp.ClientSession(
                # How many calls run at once is the caller's to say.
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": exchange.USER_AGENT},
                trust_env=False,
            )
        return self._sessions[loop]

    def _forget_closed_loops(self) -> None:
        # Loops of other threads come and go meanwhile.
        for loop in list(self._sessions):
            if loop.is_closed():
                self._sessions.pop(loop, None)


def _route(url: str) -> dict[str, Any]:
    """By which proxy and with which certificates: what the other client does, which asks requests."""
    with requests.Session() as session:
        found = session.merge_environment_settings(url, {}, None, None, None)
    proxy = select_proxy(url, found["proxies"])
    return {
        "proxy": f"http://{proxy}" if proxy and "://" not in proxy else proxy,
        "ssl": _trusted(found["verify"]) if url.startswith("https:") else True,
    }


@cache
def _trusted(authorities: str | bool) -> ssl.SSLContext:
    where = authorities if isinstance(authorities, str) else DEFAULT_CA_BUNDLE_PATH
    if os.path.isdir(where):
        return ssl.create_default_context(capath=where)
    return ssl.create_default_context(cafile=where)


def _failure(error: aiohttp.ClientError | TimeoutError) -> Failure:
    if isinstance(error, aiohttp.ClientSSLError):
        return exchange.untrusted()
    connected = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    if isinstance(error, TimeoutError):
        return exchange.too_slow(connected=connected)
    return exchange.broken(connected=connected)
