"""What a call says, copied down to what every provider can be asked for; anything else is refused by name.

Copied, because litellm writes into what it is given; checked, because it would fetch URLs and read more kinds of parts
than we promise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from workers.models.base import ChatCall
from workers.models.errors import ModelAPIError

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_DATA_URL = re.compile(r"data:image/(png|jpeg|gif|webp);base64,")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def messages_of(call: ChatCall, provider: str) -> list[dict[str, Any]]:
    """Raises: ModelAPIError: a message has a shape or a part that is not served."""
    try:
        return [_message(message, provider) for message in call.messages]
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise _refused("a message needs a role, and content that is text or a list of parts; check the messages")


def tools_of(call: ChatCall) -> list[dict[str, Any]]:
    """Raises: ModelAPIError: a tool is no function, or has a name that not all providers take."""
    try:
        return [_tool(tool) for tool in call.tools]
    except (AttributeError, KeyError, TypeError):
        pass
    raise _refused('a tool must look like {"type": "function", "function": {"name": ..., "parameters": ...}}')


def _message(message: Mapping[str, Any], provider: str) -> dict[str, Any]:
    role = ROLES.get(message["role"])
    if role is None:
        raise _refused(f"{provider} knows the roles {', '.join(ROLES)} only; change the message")
    return {"role": role, "content": _content(message.get("content"), provider), **_ROLE_FIELDS[role](message)}


def _content(content: Any, provider: str) -> Any:
    if content is None or isinstance(content, str):
        return content
    return [_part(part, provider) for part in content]


def _part(part: Mapping[str, Any], provider: str) -> dict[str, Any]:
    if part["type"] == "text" and isinstance(part["text"], str):
        return {"type": "text", "text": part["text"]}
    if part["type"] == "image_url":
        image = part["image_url"]
        url = image if isinstance(image, str) else image["url"]
        if _DATA_URL.match(url):
            return {"type": "image_url", "image_url": {"url": url}}
    message = f"{provider} takes text, and PNG, JPEG, GIF and WebP images as base64 data: URLs; change the message"
    raise ModelAPIError(message, "unsupported_content")


def _nothing(message: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _of_assistant(message: Mapping[str, Any]) -> dict[str, Any]:
    calls = [_tool_call(call) for call in message.get("tool_calls") or []]
    details = [dict(detail) for detail in message.get("reasoning_details") or []]
    return {"tool_calls": calls, "reasoning_details": details} if calls else {"reasoning_details": details}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": call["function"]["name"], "arguments": call["function"]["arguments"] or "{}"}
    return {"id": call["id"], "type": "function", "function": function}


def _of_tool(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"tool_call_id": message["tool_call_id"]}


_ROLE_FIELDS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "system": _nothing,
    "user": _nothing,
    "assistant": _of_assistant,
    "tool": _of_tool,
}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool["function"]
    if tool["type"] != "function" or not _TOOL_NAME.fullmatch(function["name"]):
        raise _refused("a tool's name must be 1 to 64 of a-z, A-Z, 0-9, _ and -; rename it")
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    copied = {"name": function["name"], "parameters": orjson.loads(orjson.dumps(parameters))}
    if function.get("description"):
        copied["description"] = function["description"]
    return {"type": "function", "function": copied}


def signed(details: Sequence[Mapping[str, Any]], *types: str, text: str | None = None) -> list[Mapping[str, Any]]:
    """Of the signed thinking that came back, what this provider had signed: another's is of no use to it.

    Args:
        text: the field that must hold one.
    """
    ours = [detail for detail in details if detail.get("type") in types]
    return ours if text is None else [detail for detail in ours if isinstance(detail.get(text), str)]


def _refused(message: str) -> ModelAPIError:
    return ModelAPIError(message, "invalid_request")
