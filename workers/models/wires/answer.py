from __future__ import annotations

from collections.abc import Iterator

import orjson

from ductape.sse import EventDecoder, EventTooLarge
from workers.models.base import ChatChunk, Finished
from workers.models.classification import classify
from workers.models.meanings import failure
from workers.models.wires.completion import Completion, ProviderFailed


class Answer:
    """Makes chunks and a final `Finished` from the bytes of a chat completion, streamed or whole.

    Args:
        request_id: what the headers said, if anything.
    """

    def __init__(self, provider: str, request_id: str = "") -> None:
        self.done = False
        self._provider = provider
        self._decoder = EventDecoder()
        self._completion = Completion(request_id)

    def feed(self, chunk: bytes) -> Iterator[ChatChunk]:
        """Yield what the bytes of a stream complete.

        Raises:
            ModelError: what arrived is not such an answer, is too large, or says that the provider failed.
        """
        try:
            for event in self._decoder.feed(chunk):
                if event.data == b"[DONE]":
                    self.done = True
                else:
                    yield from self.piece(event.data)
            return
        except EventTooLarge:
            pass
        raise failure("response_too_large", self._provider)

    def piece(self, data: bytes) -> list[ChatChunk]:
        """What one event of a stream says, or a whole answer that was not streamed. Raises: ModelError: as `feed`."""
        try:
            return self._completion.read(orjson.loads(data))
        except ProviderFailed:
            error = classify(self._provider, None, body=data)
        except (ValueError, TypeError, AttributeError, LookupError):
            error = failure("invalid_response", self._provider)
        # Raised out here: as its context the original would carry the provider's text along.
        raise error

    def finished(self) -> Finished:
        """Raises: ModelAPIError: the answer ended before the provider said that it is whole."""
        finished = self._completion.finished()
        if finished is None:
            raise failure("stream_cut", self._provider)
        return finished

    @property
    def whole(self) -> bool:
        return self._completion.whole
