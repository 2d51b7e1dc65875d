"""Messages as chat templates want them. Copies: the caller's own are never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from ductape.types.messages import ChatMessage
from workers.models.errors import ModelError


def with_text_alone(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """
    Raises:
        ModelError: `unsupported_content`: something in the messages is no text.
    """
    return [_prepared(message, _joined(message.get("content"))) for message in messages]


def with_images(messages: Sequence[ChatMessage]) -> tuple[list[dict[str, Any]], list[str]]:
    """The messages with a place for each image, and the URLs of the images in the order of their places.

    Raises:
        ModelError: `unsupported_content`: something is neither text nor an image.
    """
    urls: list[str] = []
    return [_prepared(message, _placed(message.get("content"), urls)) for message in messages], urls


def _prepared(message: ChatMessage, content: object) -> dict[str, Any]:
    copy: dict[str, Any] = {**message, "content": content}
    if isinstance(calls := message.get("tool_calls"), list):
        copy["tool_calls"] = [_with_read_arguments(call) for call in calls]
    return copy


def _with_read_arguments(call: JsonValue) -> JsonValue:
    # OpenAI's arguments are JSON in a string; templates write them as JSON themselves.
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
        return call
    try:
        return {**call, "function": {**function, "arguments": json.loads(str(function["arguments"]))}}
    except (ValueError, RecursionError):
        return call


def _joined(content: JsonValue) -> str:
    if isinstance(content, list):
        return "".join(_text(part) for part in content)
    if content is None or isinstance(content, str):
        return content or ""
    raise _unsupported(content)


def _placed(content: JsonValue, urls: list[str]) -> str | list[dict[str, str]]:
    if not isinstance(content, list):
        return _joined(content)
    places = []
    for part in content:
        image = part.get("image_url") if isinstance(part, dict) and part.get("type") == "image_url" else None
        if image is None:
            places.append({"type": "text", "text": _text(part)})
            continue
        urls.append(_url(image))
        places.append({"type": "image"})
    return places


def _text(part: JsonValue) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
    if not isinstance(text, str):
        raise _unsupported(part)
    return text


def _url(image: JsonValue) -> str:
    url = image.get("url") if isinstance(image, dict) else image
    if not isinstance(url, str):
        raise _unsupported(image)
    return url


def _unsupported(part: JsonValue) -> ModelError:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "image_url":
        return ModelError("this model takes no images; load it as model_class vlm if it is one", "unsupported_content")
    return ModelError("this model takes text alone, as a string or as parts of type text", "unsupported_content")
