"""A call whose key is refused is made once more, if the key was replaced in the meantime."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from workers.models.base import ChatCall, ChatChunk, ChatModel
from workers.models.errors import ModelError

KEY_REFUSED = "authentication_failed"


class RenewingModel:
    """
    Args:
        renew: asked once a call, when the provider refuses the key: the same model with the key of now, if that is
            another one. Raises ModelError.
    """

    def __init__(self, model: ChatModel, renew: Callable[[], Awaitable[ChatModel | None]]) -> None:
        self._model = model
        self._renew = renew

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        begun = False
        try:
            async with aclosing(self._model.stream(call)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
            return
        except ModelError as error:
            refused = error
        renewed = await self._renew() if refused.code == KEY_REFUSED and not begun else None
        if renewed is None:
            raise refused
        async with aclosing(renewed.stream(call)) as chunks:
            async for chunk in chunks:
                yield chunk
