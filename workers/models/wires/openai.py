from __future__ import annotations

import asyncio
import contextlib
import math
import re
import time
from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import Any

import aiohttp
import orjson
from pydantic import SecretStr
from yarl import URL

from workers.models.base import ChatCall, ChatChunk, TextDelta
from workers.models.egress import Egress, EgressRefused
from workers.models.errors import ModelAPIError, ModelError, ModelTimeoutError
from workers.models.wires.answer import StreamedAnswer, stream_cut
from workers.models.wires.statuses import error_for

CONNECT_SECONDS = 10.0
LAST_BYTES_SECONDS = 0.1
"""How long to wait, once the answer is whole, for the end of the response that lets the connection be used again."""
CLOCK_SECONDS = 0.1
"""By how much the event loop's clock and the wall clock may differ."""

_SETTINGS = frozenset(
    {
        "temperature",
        "max_tokens",
        "top_p",
        "stop_sequences",
        "frequency_penalty",
        "presence_penalty",
        "seed",
        "reasoning_effort",
        "response_format",
    }
)


class OpenAIWire:
    """A chat model behind any server that speaks OpenAI's `/chat/completions`.

    Args:
        base_url: everything before `/chat/completions`.
        egress: the door that every connection passes.
        renamed: settings that this server knows under another name than OpenAI's first one.

    Raises:
        ModelAPIError: the base URL or the key cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        api_key: SecretStr | None,
        model_name: str,
        egress: Egress,
        renamed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._url = _completions_url(base_url)
        self._api_key = _usable_key(api_key)
        self._names = {"stop_sequences": "stop", **renamed}
        self._model_name = model_name
        self._egress = egress

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        answer = StreamedAnswer()
        fault = None
        try:
            async with self._post(call) as response:
                if response.status != 200:
                    raise error_for(response.status)
                async for chunk in response.content.iter_any():
                    for text in answer.feed(chunk):
                        yield TextDelta(text)
                    if answer.done:
                        await _read_to_end(response)
                        break
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            fault = _fault(error, call.deadline)
        # Raised out here: as its context the original would carry the URL and the request's headers along.
        if fault is not None and not answer.whole:
            raise fault
        yield answer.finished()

    def _post(self, call: ChatCall) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]:
        seconds = call.deadline - time.time()
        if seconds <= 0:
            raise _too_late()
        return self._egress.session().post(
            self._url,
            data=orjson.dumps(self._body(call)),
            headers=self._headers(),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS, ceil_threshold=math.inf),
        )

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key.get_secret_value()}"
        return headers

    def _body(self, call: ChatCall) -> dict[str, Any]:
        names = self._names
        settings = {names.get(name, name): value for name, value in call.settings.items() if name in _SETTINGS}
        return {
            "model": self._model_name,
            "messages": call.messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            **settings,
        }


async def _read_to_end(response: aiohttp.ClientResponse) -> None:
    if response.content.at_eof():
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_BYTES_SECONDS):
            await response.content.readany()


def _completions_url(base_url: str) -> URL:
    with contextlib.suppress(ValueError):
        url = URL(base_url)
        if url.scheme in {"http", "https"} and url.host and not url.user and not url.password:
            return url / "chat/completions"
    raise _invalid_base_url()


def _usable_key(api_key: SecretStr | None) -> SecretStr | None:
    if api_key is None or re.fullmatch(r"[\x21-\x7e]+", api_key.get_secret_value()):
        return api_key
    raise ModelAPIError("the stored API key has characters that no key has; give it again", "invalid_api_key")


def _fault(error: Exception, deadline: float) -> ModelError:
    if isinstance(error, TimeoutError) and time.time() > deadline - CLOCK_SECONDS:
        return _too_late()
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, EgressRefused):
        message = "the address of the base URL is not allowed; the operator can allow it with DUCTAPE_EGRESS_ALLOW"
        return ModelAPIError(message, "egress_refused")
    if isinstance(error, aiohttp.InvalidURL):
        return _invalid_base_url()
    if isinstance(error, aiohttp.ClientPayloadError):
        return stream_cut()
    message = "the provider could not be reached, or broke the connection; try again"
    return ModelAPIError(message, "network_error", retryable=True)


def _invalid_base_url() -> ModelAPIError:
    return ModelAPIError("the base URL must look like https://api.example.com/v1", "invalid_base_url")


def _too_late() -> ModelTimeoutError:
    return ModelTimeoutError("the provider did not finish in time; raise the timeout or try again", retryable=True)
