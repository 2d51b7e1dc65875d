"""How bytes go to a provider and come back, whatever they mean."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import aiohttp
from pydantic import SecretStr
from yarl import URL

from workers.models.classification import classify
from workers.models.egress import Egress, EgressRefused
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.meanings import failure

CONNECT_SECONDS = 10.0
LAST_BYTES_SECONDS = 0.1
"""How long to wait, once the answer is whole, for the end of the response that lets the connection be used again."""
REFUSAL_SECONDS = 2.0
"""How long to read the reasons of a refusal: its status has come already."""
REFUSAL_BYTES = 64 * 1024
CLOCK_SECONDS = 0.1
"""By how much the event loop's clock and the wall clock may differ."""
MAX_BYTES = 16 * 1024 * 1024
"""Of one whole answer. Together with the limit on one event it bounds what a hostile provider can make us hold."""


class Reply:
    """A provider's answer with status 200, on its way."""

    def __init__(self, response: aiohttp.ClientResponse, provider: str, deadline: float) -> None:
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._provider = provider
        self._deadline = deadline

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes.

        Raises:
            ModelError: it broke off, did not end in time, or is larger than `MAX_BYTES`.
        """
        received = 0
        fault = None
        try:
            async for chunk in self._response.content.iter_any():
                received += len(chunk)
                if received > MAX_BYTES:
                    break
                yield chunk
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            fault = _fault(error, self._provider, self._deadline)
        # Raised out here: as its context the original would carry the URL and the request's headers along.
        if fault is not None:
            raise fault
        if received > MAX_BYTES:
            raise failure("response_too_large", self._provider)

    async def read(self) -> bytes:
        """The whole body. Raises: ModelError: as `chunks`."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def end(self) -> None:
        """Wait shortly for the end, so that the connection can be used again."""
        if self._response.content.at_eof():
            return
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(LAST_BYTES_SECONDS):
                await self._response.content.readany()


@contextlib.asynccontextmanager
async def posted(
    egress: Egress, url: URL, *, provider: str, headers: Mapping[str, str], body: bytes, deadline: float
) -> AsyncIterator[Reply]:
    """Send JSON and wait for the answer's head. Redirects are not followed; leaving the block hangs up.

    Args:
        headers: beside the content type.
        deadline: Unix time in seconds for everything, the last byte of the answer included.

    Raises:
        ModelError: the provider was not reached, refused, or did not answer in time.
    """
    response = await _sent(egress, url, provider, {"Content-Type": "application/json", **headers}, body, deadline)
    async with response:
        if response.status != 200:
            raise classify(provider, response.status, response.headers, await _reasons(response))
        yield Reply(response, provider, deadline)


async def _sent(
    egress: Egress, url: URL, provider: str, headers: Mapping[str, str], body: bytes, deadline: float
) -> aiohttp.ClientResponse:
    seconds = deadline - time.time()
    if seconds <= 0:
        raise too_late(provider)
    timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS, ceil_threshold=math.inf)
    try:
        return await egress.session().post(url, data=body, headers=headers, allow_redirects=False, timeout=timeout)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        fault = _fault(error, provider, deadline)
    raise fault


async def _reasons(response: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with asyncio.timeout(REFUSAL_SECONDS):
            while len(read) < REFUSAL_BYTES and (chunk := await response.content.readany()):
                read += chunk
    return bytes(read[:REFUSAL_BYTES])


def url_below(base_url: str, path: str) -> URL:
    """Raises: ModelAPIError: the base URL cannot be one, or has a user or password in it."""
    with contextlib.suppress(ValueError):
        url = URL(base_url)
        if url.scheme in {"http", "https"} and url.host and not url.user and not url.password:
            return url / path
    raise failure("invalid_base_url")


def usable_key(api_key: SecretStr | None) -> SecretStr | None:
    """Raises: ModelAPIError: the key has characters that would break out of a header."""
    if api_key is None or re.fullmatch(r"[\x21-\x7e]+", api_key.get_secret_value()):
        return api_key
    raise failure("invalid_api_key")


def too_late(provider: str) -> ModelTimeoutError:
    """The deadline of the call has passed."""
    message = "the provider did not finish in time; raise the timeout or try again"
    action = "Raise the timeout or ask for less."
    return ModelTimeoutError(message, retryable=True, provider=provider, suggested_action=action)


def _fault(error: Exception, provider: str, deadline: float) -> ModelError:
    if isinstance(error, TimeoutError) and time.time() > deadline - CLOCK_SECONDS:
        return too_late(provider)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, EgressRefused):
        return failure("egress_refused", provider)
    if isinstance(error, aiohttp.InvalidURL):
        return failure("invalid_base_url", provider)
    if isinstance(error, aiohttp.ClientPayloadError):
        return failure("stream_cut", provider)
    return failure("network_error", provider)
