from __future__ import annotations

import pytest

from ductape.types.runs import TokenUsage
from workers.models.base import TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.errors import ModelError, ModelLoadError
from workers.models.hosted_protocol import Calling, Delta, Done, Failed, HostReply, Started, Thinking
from workers.models.reply_reader import PendingCall

STARTED = Started(host_id="here.1")
DONE = Done(finish_reason="stop", usage=TokenUsage())


async def test_a_reply_that_was_sent_twice_counts_once() -> None:
    call = PendingCall("queue")
    call.receive(0, STARTED)
    for seq, text in [(1, "a"), (1, "a"), (2, "b")]:
        call.receive(seq, Delta(text=text))
    assert [await call.next_chunk(), await call.next_chunk()] == [TextDelta("a"), TextDelta("b")]
    assert call.host_id == "here.1"


async def test_thinking_and_tool_calls_arrive_as_such() -> None:
    call = PendingCall("queue")
    replies: list[HostReply] = [STARTED, Thinking(text="hm"), Calling(index=0, id="a", name="say", arguments="{}")]
    for seq, reply in enumerate(replies):
        call.receive(seq, reply)
    assert [await call.next_chunk(), await call.next_chunk()] == [
        ThinkingDelta("hm"),
        ToolCallDelta(0, "a", "say", "{}"),
    ]


async def test_a_reply_that_was_lost_fails_the_call() -> None:
    call = PendingCall("queue")
    call.receive(0, STARTED)
    call.receive(2, Delta(text="the rest"))
    with pytest.raises(ModelError) as caught:
        await call.next_chunk()
    assert caught.value.code == "reply_lost"
    assert caught.value.retryable


async def test_a_failure_keeps_its_class_code_and_message() -> None:
    call = PendingCall("queue")
    call.receive(0, Failed(code="model_load_failed", message="no weights", retryable=False))
    with pytest.raises(ModelLoadError, match="no weights"):
        await call.next_chunk()


async def test_a_call_that_ended_is_not_running() -> None:
    call = PendingCall("queue", running=True)
    call.receive(0, DONE)
    assert not call.running
