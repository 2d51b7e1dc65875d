from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

from redis import Redis

from ductape.types.runs import TokenUsage
from tests.workers.calls import SPEC
from tests.workers.servers import valkey_server, wait_until
from workers.hosting.replies import ReplySender
from workers.models.hosted_protocol import Delta, Done, HostCall, Started, Thinking

DONE = Done(finish_reason="stop", usage=TokenUsage())


def new_call(seconds: float = 60) -> HostCall:
    return HostCall(
        call_id=uuid.uuid4().hex,
        reply_stream=f"replies:{uuid.uuid4().hex}",
        model=SPEC,
        messages=[],
        settings={},
        deadline=time.time() + seconds,
    )


def replies(redis: Redis, call: HostCall) -> list[tuple[int, dict[str, object]]]:
    entries: Any = redis.xrange(call.reply_stream)
    return [(int(fields[b"seq"]), json.loads(fields[b"data"])) for _, fields in entries]


def test_text_that_comes_close_together_travels_together_and_in_order(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        sender, call = ReplySender(redis), new_call()
        sender.send(call, Started(host_id="here.1"))
        words = [f"{number} " for number in range(200)]
        for word in words:
            sender.send(call, Delta(text=word))
        sender.send(call, DONE)
        sender.close()
        sent = replies(redis, call)
        assert [seq for seq, _ in sent] == list(range(len(sent)))
        assert [reply["type"] for _, reply in sent[:1] + sent[-1:]] == ["started", "done"]
        assert "".join(str(reply["text"]) for _, reply in sent[1:-1]) == "".join(words)
        assert len(sent) < 20


def test_thinking_and_answer_do_not_mix(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        sender, call = ReplySender(redis), new_call()
        for reply in (Thinking(text="h"), Thinking(text="m"), Delta(text="So"), Delta(text="."), DONE):
            sender.send(call, reply)
        sender.close()
        thinking = [str(reply["text"]) for _, reply in replies(redis, call) if reply["type"] == "thinking"]
        answer = [str(reply["text"]) for _, reply in replies(redis, call) if reply["type"] == "delta"]
        assert ("".join(thinking), "".join(answer)) == ("hm", "So.")


def test_a_reply_stream_nobody_reads_goes_away(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        sender, call = ReplySender(redis), new_call()
        sender.send(call, DONE)
        sender.close()
        assert 0 < redis.ttl(call.reply_stream) <= 3600


def test_replies_wait_for_redis_to_come_back(tmp_path: Path) -> None:
    with Redis.from_url(f"unix://{tmp_path}/valkey.sock") as redis:
        sender, call, late = ReplySender(redis), new_call(), new_call(seconds=0)
        sender.send(call, Delta(text="said while it was down"))
        sender.send(late, Delta(text="nobody waits for this"))
        time.sleep(1)
        with valkey_server(tmp_path):
            wait_until(lambda: bool(redis.exists(call.reply_stream)), seconds=5)
            assert [reply["text"] for _, reply in replies(redis, call)] == ["said while it was down"]
            assert not redis.exists(late.reply_stream)
            sender.close()
