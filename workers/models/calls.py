"""A call as the seed's methods take it, made into the one that every model takes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

from pydantic import JsonValue, ValidationError

from ductape.types.config import ConfigOverrides
from ductape.types.messages import ToolChoice
from workers.models.base import ChatCall
from workers.models.errors import ModelError
from workers.models.images import Image, with_images
from workers.models.wires import PROVIDERS, allowed_parameters

DEFAULT_TIMEOUT_MS = 600_000

Said: TypeAlias = Mapping[str, Any]
"""A message or a tool in OpenAI's shape, as callers have them."""


class CallOptions(TypedDict, total=False):
    """What one call may say beside its messages. The settings are those of `ConfigOverrides`."""

    json_mode: bool
    """The answer is JSON. Some providers want the word in a message, too."""
    response_schema: dict[str, JsonValue] | None
    """JSON Schema of the answer."""
    tools: Sequence[Said] | None
    tool_choice: ToolChoice | None
    """auto, none, required, the name of a tool, or OpenAI's object that names one."""
    parallel_tool_calls: bool | None
    images: Sequence[Image] | None
    """For the last message of the user."""
    stop: str | Sequence[str] | None
    """Another name of `stop_sequences`."""

    temperature: float | None
    max_tokens: int | None
    top_p: float | None
    stop_sequences: list[str] | None
    timeout: int | None
    """Milliseconds for the whole call, retries included."""
    frequency_penalty: float | None
    presence_penalty: float | None
    seed: int | None
    reasoning_effort: str | None
    thinking_budget: int | None
    response_format: dict[str, JsonValue] | None
    parameters: dict[str, JsonValue] | None


_NOT_SETTINGS = frozenset(
    {"json_mode", "response_schema", "tools", "tool_choice", "parallel_tool_calls", "images", "stop"}
)


def checked_settings(provider: str, settings: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Settings in range, and none that the provider would ignore in silence.

    Raises:
        ModelError: `invalid_settings`, `unsupported_setting` or `unsupported_parameter`.
    """
    try:
        said = ConfigOverrides.model_validate(settings).said()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ModelError(f"setting {where}: {first['msg']}", "invalid_settings") from None
    for name, value in said.items():
        if value is not None and name not in PROVIDERS[provider].supported:
            raise ModelError(f"{provider} takes no {name}; leave it out", "unsupported_setting")
    allowed_parameters(provider, said.get("parameters"))
    return said


def chat_call(
    provider: str,
    messages: Sequence[Said],
    settings: Mapping[str, Any],
    options: CallOptions,
    *,
    streamed: bool,
) -> ChatCall:
    """
    Args:
        settings: what the model says; the options come before it.

    Raises:
        ModelError: something in it cannot be, or the provider cannot take it.
    """
    sent = checked_settings(provider, {**settings, **_said(options)})
    timeout = sent.pop("timeout", None)
    milliseconds = timeout if isinstance(timeout, int) else DEFAULT_TIMEOUT_MS
    tools, choice = options.get("tools") or (), options.get("tool_choice")
    _check_choice(tools, choice)
    return ChatCall(
        call_id=uuid.uuid4().hex,
        messages=with_images(messages, options.get("images") or ()),
        settings={name: value for name, value in sent.items() if value is not None},
        deadline=time.time() + milliseconds / 1000,
        tools=tuple(dict(tool) for tool in tools),
        tool_choice=choice,
        parallel_tool_calls=options.get("parallel_tool_calls"),
        streamed=streamed,
    )


def _said(options: CallOptions) -> dict[str, Any]:
    """The settings among the options, under their own names."""
    said: dict[str, Any] = {name: value for name, value in options.items() if name not in _NOT_SETTINGS}
    if (stop := options.get("stop")) is not None:
        said["stop_sequences"] = [stop] if isinstance(stop, str) else list(stop)
    if options.get("json_mode"):
        said["response_format"] = {"type": "json_object"}
    if (schema := options.get("response_schema")) is not None:
        said["response_format"] = _schema_format(schema)
    return said


def _schema_format(schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        "type": "json_schema",
        "json_schema": {"name": "response", "schema": schema, "strict": _is_strict(schema)},
    }


def _is_strict(schema: JsonValue) -> bool:
    """Whether OpenAI takes the schema as strict: its objects are closed, and have all that they may have."""
    if isinstance(schema, list):
        return all(_is_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict):
        required = schema.get("required")
        everything = isinstance(required, list) and set(properties) <= set(map(str, required))
        if not everything or schema.get("additionalProperties") is not False:
            return False
    return all(_is_strict(value) for value in schema.values())


def _check_choice(tools: Sequence[Said], choice: ToolChoice | None) -> None:
    if choice is None:
        return
    if not tools:
        raise ModelError("tool_choice chooses among tools, and there are none; give tools=", "invalid_tool_choice")
    if isinstance(choice, str) and choice not in {"auto", "none", "required", *map(_tool_name, tools)}:
        message = "tool_choice must be auto, none, required or the name of one of the tools"
        raise ModelError(message, "invalid_tool_choice")


def _tool_name(tool: Said) -> str:
    function = tool.get("function")
    return str(function.get("name")) if isinstance(function, dict) else ""
