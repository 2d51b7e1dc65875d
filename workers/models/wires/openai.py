from __future__ import annotations

from collections.abc import AsyncGenerator

import orjson
from pydantic import SecretStr

from workers.models.base import ChatCall, ChatChunk
from workers.models.egress import Egress
from workers.models.errors import ModelError
from workers.models.wires.answer import Answer
from workers.models.wires.body import chat_body
from workers.models.wires.transport import Reply, posted, url_below, usable_key


class OpenAIWire:
    """A chat model behind any server that speaks OpenAI's `/chat/completions`.

    Args:
        base_url: everything before `/chat/completions`.
        egress: the door that every connection passes.
        provider: whose row of `PROVIDERS` says what the server takes.

    Raises:
        ModelAPIError: the base URL or the key cannot be one.
    """

    def __init__(
        self, base_url: str, api_key: SecretStr | None, model_name: str, egress: Egress, provider: str = "custom"
    ) -> None:
        self._url = url_below(base_url, "chat/completions")
        self._api_key = usable_key(api_key)
        self._model_name = model_name
        self._egress = egress
        self._provider = provider

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        request = posted(
            self._egress,
            self._url,
            provider=self._provider,
            headers=self._headers(),
            body=orjson.dumps(chat_body(self._provider, self._model_name, call)),
            deadline=call.deadline,
        )
        async with request as reply:
            answer = Answer(self._provider, reply.headers.get("x-request-id", ""))
            if not call.streamed:
                for chunk in answer.piece(await reply.read()):
                    yield chunk
            else:
                async for chunk in _streamed(reply, answer):
                    yield chunk
        yield answer.finished()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key.get_secret_value()}"} if self._api_key else {}


async def _streamed(reply: Reply, answer: Answer) -> AsyncGenerator[ChatChunk, None]:
    try:
        async for piece in reply.chunks():
            for chunk in answer.feed(piece):
                yield chunk
            if answer.done:
                await reply.end()
                return
    except ModelError:
        # What goes wrong behind a whole answer takes nothing from it.
        if not answer.whole:
            raise
