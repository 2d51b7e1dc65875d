"""Providers with an own language: our transport, litellm's or our own translation of the request, our own reading."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import orjson
from pydantic import SecretStr

from ductape.sse import EventDecoder, EventTooLarge
from ductape.types.config import ConfigOverrides
from workers.models.base import ChatCall, ChatChunk
from workers.models.egress import Egress
from workers.models.errors import ModelAPIError, ModelError
from workers.models.meanings import failure
from workers.models.wires import PROVIDERS
from workers.models.wires.body import tool_choice
from workers.models.wires.codec_answer import CodecAnswer
from workers.models.wires.conversation import tools_of
from workers.models.wires.transport import Reply, posted, too_late, url_below, usable_key

_ready: set[str] = set()
"""Modules that have been imported to the end; `sys.modules` has them from the beginning."""


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    """Below the base URL."""
    body: dict[str, Any]
    answer: CodecAnswer
    """What reads the answer to this request."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside the key's."""


class CodecWire(ABC):
    """A chat model behind a provider with a language of its own.

    Args:
        base_url: everything before the path of the provider's chat operation.
        egress: the door that every connection passes.

    Raises:
        ModelAPIError: the base URL or the key cannot be one.
    """

    def __init__(self, base_url: str, api_key: SecretStr, model_name: str, egress: Egress, provider: str) -> None:
        usable_key(api_key)
        url_below(base_url, "")
        self._base_url = base_url
        self._api_key = api_key
        self._model_name = model_name
        self._egress = egress
        self.provider = provider

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        self._check_settings(call)
        await self._ready(call.deadline)
        request = self._request(call)
        async with posted(
            self._egress,
            url_below(self._base_url, request.path).with_query(request.query),
            provider=self.provider,
            headers={**request.headers, **self._key_headers(self._api_key.get_secret_value())},
            body=orjson.dumps(request.body),
            deadline=call.deadline,
        ) as reply:
            if not call.streamed:
                for chunk in _said(request.answer, request.answer.whole, await reply.read()):
                    yield chunk
            else:
                async for chunk in _streamed(reply, request.answer):
                    yield chunk
        yield request.answer.finished()

    async def _ready(self, deadline: float) -> None:
        """Load what translates requests; without holding up the event loop, and the next call has it."""
        codec = PROVIDERS[self.provider].codec
        if codec is None or codec in _ready:
            return
        try:
            async with asyncio.timeout(deadline - time.time()):
                await asyncio.to_thread(import_module, codec)
        except TimeoutError:
            raise too_late(self.provider) from None
        _ready.add(codec)

    @abstractmethod
    def _request(self, call: ChatCall) -> Request:
        """Raises: ModelError: the call asks for something that the model does not take."""

    @abstractmethod
    def _key_headers(self, key: str) -> dict[str, str]: ...

    def _check_settings(self, call: ChatCall) -> None:
        takes = PROVIDERS[self.provider].takes(self._model_name)
        for name in call.settings:
            if name in ConfigOverrides.model_fields and name not in takes:
                raise unsupported(f"{self._model_name} of {self.provider} takes no {name}; leave it out")


async def _streamed(reply: Reply, answer: CodecAnswer) -> AsyncGenerator[ChatChunk, None]:
    decoder = EventDecoder()
    try:
        async for received in reply.chunks():
            for data in _events(decoder, received, answer.provider):
                for chunk in _said(answer, answer.event, data):
                    yield chunk
            if answer.done:
                await reply.end()
                return
    except ModelError:
        # What goes wrong behind a whole answer takes nothing from it.
        if answer.finish_reason is None:
            raise


def _events(decoder: EventDecoder, received: bytes, provider: str) -> Iterator[bytes]:
    try:
        for event in decoder.feed(received):
            yield event.data
        return
    except EventTooLarge:
        pass
    raise failure("response_too_large", provider)


def _said(
    answer: CodecAnswer, reader: Callable[[dict[str, Any]], Iterator[ChatChunk]], data: bytes
) -> Iterator[ChatChunk]:
    try:
        yield from reader(orjson.loads(data))
        return
    except (AttributeError, LookupError, TypeError, ValueError):
        pass
    # Raised out here: as its context the original would carry the provider's text along.
    raise failure("invalid_response", answer.provider)


def openai_params(call: ChatCall) -> dict[str, Any]:
    """Settings and tools under the names of OpenAI's chat completions, which litellm reads."""
    params: dict[str, Any] = {name: value for name, value in call.settings.items() if name in _OPENAI_NAMES}
    if "stop_sequences" in call.settings:
        params["stop"] = call.settings["stop_sequences"]
    if call.tools:
        params["tools"] = tools_of(call)
        if call.tool_choice is not None:
            params["tool_choice"] = tool_choice(call.tool_choice)
        if call.parallel_tool_calls is not None:
            params["parallel_tool_calls"] = call.parallel_tool_calls
    return params


_OPENAI_NAMES = frozenset(
    {
        "temperature",
        "max_tokens",
        "top_p",
        "frequency_penalty",
        "presence_penalty",
        "seed",
        "reasoning_effort",
        "response_format",
    }
)


def refuse_serial_tool_calls(call: ChatCall, provider: str) -> None:
    if call.parallel_tool_calls is False:
        raise unsupported(f"{provider} cannot be kept from parallel tool calls; leave parallel_tool_calls out")


def unsupported(message: str) -> ModelAPIError:
    return ModelAPIError(message, "unsupported_setting")


def wanted_format(call: ChatCall) -> tuple[str, Any]:
    """text, json_object or json_schema, and the schema. Raises: ModelAPIError: it is none of them."""
    wanted: Any = call.settings.get("response_format") or {"type": "text"}
    try:
        kind = wanted["type"]
        if kind in ("text", "json_object"):
            return kind, None
        if kind == "json_schema" and isinstance(wanted["json_schema"]["schema"], dict):
            return kind, wanted["json_schema"]["schema"]
    except (LookupError, TypeError):
        pass
    raise unsupported('response_format must be {"type": "json_object"} or have a json_schema with a schema; change it')
