from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from pydantic import JsonValue

from ductape.types.entities import LocalSettings
from ductape.types.messages import ChatMessage
from workers.models.base import ChatCall, ChatChunk, ChatModel, Finished, TextDelta
from workers.models.errors import ModelError
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import LocalEngine
from workers.models.packaged import PACKAGED_MODEL

SPEC = ModelSpec(name=PACKAGED_MODEL, local=LocalSettings())
PARIS = "What is the capital of France? Answer in one sentence."
STORY = "Write a very long story about the sea."


def call(text: str, **settings: JsonValue) -> ChatCall:
    messages: list[ChatMessage] = [{"role": "user", "content": text}]
    return ChatCall(uuid.uuid4().hex, messages, {"temperature": 0, **settings}, time.time() + 60)


def within(seconds: float, call: ChatCall) -> ChatCall:
    return replace(call, deadline=time.time() + seconds)


@dataclass
class Answer:
    """A call under way in an engine."""

    chunks: SimpleQueue[ChatChunk | ModelError] = field(default_factory=SimpleQueue)
    text: str = ""

    def first(self) -> None:
        """Waits for the first text."""
        self._next()

    def end(self) -> Finished:
        while True:
            if isinstance(chunk := self._next(), Finished):
                return chunk

    def _next(self) -> ChatChunk:
        chunk = self.chunks.get(timeout=60)
        if isinstance(chunk, ModelError):
            raise chunk
        if isinstance(chunk, TextDelta):
            self.text += chunk.text
        return chunk


def ask(engine: LocalEngine, call: ChatCall) -> Answer:
    answer = Answer()
    engine.submit(call, answer.chunks.put)
    return answer


def collect(engine: LocalEngine, call: ChatCall) -> list[ChatChunk]:
    """All chunks of a call, the last one included."""
    answer = ask(engine, call)
    chunks: list[ChatChunk] = []
    while not chunks or not isinstance(chunks[-1], Finished):
        chunk = answer.chunks.get(timeout=60)
        if isinstance(chunk, ModelError):
            raise chunk
        chunks.append(chunk)
    return chunks


async def read(model: ChatModel, call: ChatCall) -> tuple[str, Finished]:
    """The whole answer of a model."""
    text = ""
    async for chunk in model.stream(call):
        if isinstance(chunk, Finished):
            return text, chunk
        assert isinstance(chunk, TextDelta)
        text += chunk.text
    raise AssertionError("a stream ends with Finished")
