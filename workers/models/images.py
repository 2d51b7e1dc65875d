"""Images become bytes on the caller's side: what travels is a `data:` URL, and no server ever opens a path."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import JsonValue

from ductape.types.messages import ChatMessage
from workers.models.errors import ModelError

Image: TypeAlias = str | Path | bytes
"""A path, an `https:` or `data:` URL, or the bytes of the file."""

MAX_IMAGE_BYTES = 20 * 1024 * 1024
"""What the largest of the providers takes."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_TRAVELLING = ("data:", "https://", "http://")


def with_images(messages: Sequence[Mapping[str, Any]], images: Sequence[Image]) -> list[ChatMessage]:
    """New messages: paths in them replaced by bytes, and the images added to the last of the user's.

    Raises:
        ModelError: `invalid_image`, or there is no message to add the images to.
    """
    travelling = [_message(message) for message in messages]
    if not images:
        return travelling
    for index in reversed(range(len(travelling))):
        if travelling[index].get("role") == "user":
            travelling[index] = _with_parts(travelling[index], images)
            return travelling
    raise ModelError("images go with a message of the role user, and there is none; add one", "invalid_messages")


def _with_parts(message: ChatMessage, images: Sequence[Image]) -> ChatMessage:
    content = message.get("content")
    parts = list(content) if isinstance(content, list) else [{"type": "text", "text": content}]
    return {**message, "content": [*parts, *({"type": "image_url", "image_url": {"url": _url(i)}} for i in images)]}


def _message(message: Mapping[str, Any]) -> ChatMessage:
    content = message.get("content")
    if not isinstance(content, list):
        return dict(message)
    return {**message, "content": [_part(part) for part in content]}


def _part(part: JsonValue) -> JsonValue:
    if not isinstance(part, dict) or part.get("type") != "image_url":
        return part
    image = part.get("image_url")
    # Some write the URL itself where OpenAI has an object.
    said = image if isinstance(image, dict) else {"url": image}
    return {**part, "image_url": {**said, "url": _url(said.get("url"))}}


def _url(image: object) -> str:
    if isinstance(image, str) and image.startswith(_TRAVELLING):
        return image
    if isinstance(image, bytes):
        return _data_url(image)
    if isinstance(image, str | Path):
        return _data_url(_read(Path(image)))
    raise ModelError("an image is a path, a URL or bytes; give one of these", "invalid_image")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_IMAGE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        raise ModelError(f"cannot read the image {path.name!r}: {reason}; check the path", "invalid_image") from error


def _data_url(data: bytes) -> str:
    if len(data) > MAX_IMAGE_BYTES:
        raise ModelError(f"an image has more than {MAX_IMAGE_BYTES // 1024**2} MiB; shrink it", "invalid_image")
    kind = next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        # Whatever it is called: a key file named x.png must not travel.
        raise ModelError("an image is neither PNG, JPEG, GIF nor WebP; convert it", "invalid_image")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
