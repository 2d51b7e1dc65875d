from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path
from threading import Event

from pydantic import ValidationError
from redis import Redis

from workers.hosting.cancels import CancelWatcher
from workers.hosting.heartbeat import Heartbeat
from workers.hosting.pool import ModelPool
from workers.hosting.replies import ReplySender
from workers.models.base import ChatCall, ChatChunk, Finished, TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.hosted_protocol import (
    CANCEL_KEY,
    CLAIM_KEY,
    Calling,
    Delta,
    Done,
    Failed,
    HostCall,
    HostReply,
    HostStatus,
    Started,
    Thinking,
)
from workers.models.local import LocalEngine

logger = logging.getLogger(__name__)

_GRACE = 10
"""Seconds that an engine may take, past the deadline, to notice it."""


class Host:
    """All that a host process shares between its calls: models, replies, cancels, heartbeat."""

    def __init__(self, redis_url: str, models_dir: Path, name: str, queues: list[str]) -> None:
        self._redis: Redis = Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=5)
        self._name = name
        # New with every start, so that a runner tells a restarted host from the one that took its call.
        self._host_id = f"{name}.{secrets.token_hex(4)}"
        self._queues = queues
        self._state = "ready"
        self._pool = ModelPool(models_dir)
        self._replies = ReplySender(self._redis)
        self._cancels = CancelWatcher(self._redis)
        self._heartbeat = Heartbeat(self._redis, self._host_id, self.status)

    def start(self) -> None:
        self._heartbeat.start()

    def drain(self) -> None:
        """Tells the runners, with the next heartbeat, to send no new calls. Takes no lock: signal handlers call it."""
        self._state = "draining"

    def close(self) -> None:
        self._pool.close()
        self._replies.close()
        self._cancels.close()
        self._heartbeat.close()
        self._redis.close()

    def status(self) -> HostStatus:
        return HostStatus(name=self._name, state=self._state, queues=self._queues, models=self._pool.status())

    def serve(self, payload: object) -> None:
        """Runs one call to its end. Never raises: what goes wrong is a reply."""
        try:
            call = HostCall.model_validate(payload)
        except ValidationError as error:
            logger.error("dropped a malformed call: %d wrong fields", error.error_count())
            return
        try:
            if self._claim(call):
                self._replies.send(call, Started(host_id=self._host_id))
                self._generate(call)
        except ModelError as error:
            self._replies.send(call, _failed(error))
        except Exception:
            logger.exception("call %s failed", call.call_id)
            self._replies.send(call, _failed(ModelError("the host failed; see its log", "host_error", retryable=True)))

    def _claim(self, call: HostCall) -> bool:
        """False: somebody else has it, or nobody wants it any more."""
        left = call.deadline - time.time()
        if left <= 0:
            return False
        with self._redis.pipeline() as pipeline:
            pipeline.set(CLAIM_KEY.format(call_id=call.call_id), self._host_id, nx=True, ex=int(left) + 60)
            pipeline.exists(CANCEL_KEY.format(call_id=call.call_id))
            claimed, cancelled = pipeline.execute()
        return bool(claimed and not cancelled)

    def _generate(self, call: HostCall) -> None:
        engine: LocalEngine = self._pool.engine(call.model, call.deadline)
        ended = Event()

        def emit(chunk: ChatChunk | ModelError) -> None:
            reply = _reply(chunk)
            if not isinstance(reply, Thinking | Calling) or reply.type in call.understands:
                self._replies.send(call, reply)
            if isinstance(reply, Done | Failed):
                ended.set()

        with self._cancels.watching(call.call_id, engine.cancel):
            engine.submit(_chat_call(call), emit)
            if not ended.wait(max(0, call.deadline - time.time()) + _GRACE):
                raise ModelTimeoutError("the engine did not end the call at its deadline")


def _chat_call(call: HostCall) -> ChatCall:
    return ChatCall(
        call.call_id,
        call.messages,
        call.settings,
        call.deadline,
        tuple(call.tools),
        call.tool_choice,
        call.parallel_tool_calls,
    )


def _reply(chunk: ChatChunk | ModelError) -> HostReply:
    match chunk:
        case TextDelta():
            return Delta(text=chunk.text)
        case ThinkingDelta():
            return Thinking(text=chunk.text)
        case ToolCallDelta():
            return Calling(index=chunk.index, id=chunk.id, name=chunk.name, arguments=chunk.arguments)
        case Finished():
            return Done(finish_reason=chunk.finish_reason, usage=chunk.usage)
        case _:
            return _failed(chunk)


def _failed(error: ModelError) -> Failed:
    return Failed(code=error.code, message=error.message, retryable=error.retryable)
