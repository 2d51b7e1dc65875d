"""How a runner and a host talk: one Celery message there, entries on one Redis stream back.

Runner -> host: task `GENERATE` on queue `host.<deployment>` with one JSON argument, a `HostCall`.
Host -> runner: `XADD <reply_stream>` entries `{call, seq, data}`: the call id, the number of the reply within its call
from 0 on, and a `HostReply` as JSON. The number shows replies that were sent twice or lost. A runner process has one
reply stream for all its calls, so that it needs one reader.
Runner -> host, to give up: `SET ductape:cancel:<call_id> 1 EX ...`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from ductape.types.entities import LocalSettings
from ductape.types.messages import ChatMessage, ToolChoice, ToolDefinition
from ductape.types.runs import FinishReason, TokenUsage

GENERATE = "ductape.host.generate"
DEFAULT_QUEUE = "host.default"
CLAIM_KEY = "ductape:claim:{call_id}"
CANCEL_KEY = "ductape:cancel:{call_id}"
HOSTS_KEY = "ductape:hosts"
"""The set of host ids. It may name dead ones: only those with a `HOST_KEY` are alive."""
HOST_KEY = "ductape:host:{host_id}"
"""A host's heartbeat: a `HostStatus` as JSON, gone `HOST_TTL` seconds after the host is."""
HOST_TTL = 6


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ModelSpec(_Message):
    """Which model, loaded how. Equal specs share one loaded engine."""

    name: str
    local: LocalSettings


class HostCall(_Message):
    """Unknown fields are ignored. What has its default is not sent, so that a host that knows it not takes the call.

    Hosts are updated before runners: a host answers an older runner in the older one's words.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    call_id: str
    reply_stream: str
    model: ModelSpec
    messages: list[ChatMessage]
    settings: dict[str, JsonValue]
    deadline: float
    tools: list[ToolDefinition] = []
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    understands: list[str] = []
    """Types of replies beyond the first ones (started, delta, done, failed) that the runner knows."""


class Started(_Message):
    """Always the first reply."""

    type: Literal["started"] = "started"
    host_id: str


class Delta(_Message):
    type: Literal["delta"] = "delta"
    text: str


class Thinking(_Message):
    type: Literal["thinking"] = "thinking"
    text: str


class Calling(_Message):
    """A piece of a tool call: the fields of `ToolCallDelta`."""

    type: Literal["tool_call"] = "tool_call"
    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Done(_Message):
    type: Literal["done"] = "done"
    finish_reason: FinishReason
    usage: TokenUsage


class Failed(_Message):
    type: Literal["failed"] = "failed"
    code: str
    message: str
    retryable: bool


HostReply = Started | Delta | Thinking | Calling | Done | Failed
host_reply: TypeAdapter[HostReply] = TypeAdapter(Annotated[HostReply, Field(discriminator="type")])


NEWER_REPLIES = ["thinking", "tool_call"]
"""What a runner of this release says that it understands."""


class ModelStatus(BaseModel):
    """A model that a host has, or tried to load. Unknown fields are ignored: hosts may be newer than runners."""

    model: ModelSpec
    state: str
    """loading, ready or failed"""
    reason: str = ""


class HostStatus(BaseModel):
    """One heartbeat. Unknown fields are ignored: hosts may be newer than runners."""

    name: str
    """The name people gave the host; its id is new with every start."""
    state: str
    """ready or draining"""
    queues: list[str]
    models: list[ModelStatus]
