from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from ductape.types.runs import TokenUsage
from tests.workers.calls import call, read
from workers.models.base import ChatCall, ChatChunk, ChatModel, Finished, TextDelta
from workers.models.errors import ModelError
from workers.models.meanings import failure
from workers.models.renewing import RenewingModel


class Scripted:
    """Says its words, then ends or fails."""

    def __init__(self, words: str, error: ModelError | None = None) -> None:
        self.words, self.error, self.calls = words, error, 0

    async def stream(self, call: ChatCall) -> AsyncGenerator[ChatChunk, None]:
        self.calls += 1
        for word in self.words.split():
            yield TextDelta(word)
        if self.error is not None:
            raise self.error
        yield Finished("stop", TokenUsage())


REFUSED = failure("authentication_failed", "openai", status_code=401)


async def never() -> ChatModel | None:
    raise AssertionError("nobody asked for another key")


async def none() -> ChatModel | None:
    return None


async def test_a_call_with_a_refused_key_is_made_again_with_the_key_of_now() -> None:
    async def renew() -> ChatModel | None:
        return Scripted("Paris.")

    text, _ = await read(RenewingModel(Scripted("", REFUSED), renew), call("Hi"))
    assert text == "Paris."


async def test_a_second_refusal_stands() -> None:
    second = Scripted("", REFUSED)

    async def renew() -> ChatModel | None:
        return second

    with pytest.raises(ModelError) as refused:
        await read(RenewingModel(Scripted("", REFUSED), renew), call("Hi"))
    assert (refused.value.code, second.calls) == ("authentication_failed", 1)


async def test_without_another_key_the_refusal_stands() -> None:
    with pytest.raises(ModelError) as refused:
        await read(RenewingModel(Scripted("", REFUSED), none), call("Hi"))
    assert refused.value is REFUSED


@pytest.mark.parametrize(
    "model", [Scripted("Par", REFUSED), Scripted("", failure("rate_limit", "openai"))], ids=["begun", "other fault"]
)
async def test_an_answer_that_began_or_another_fault_renews_nothing(model: Scripted) -> None:
    with pytest.raises(ModelError):
        await read(RenewingModel(model, never), call("Hi"))
