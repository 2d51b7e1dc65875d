from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from workers.models.errors import ModelError
from workers.models.images import MAX_IMAGE_BYTES, with_images

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 8
PNG_URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def part(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def asked(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "What's in this image?"}, *parts]}]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_in_a_message_becomes_bytes_and_the_message_stays(tmp_path: Path, kind: Any) -> None:
    file = tmp_path / "image.jpg"
    file.write_bytes(PNG)
    messages = asked(part(kind(file)))
    (sent,) = with_images(messages, [])
    assert sent["content"] == [{"type": "text", "text": "What's in this image?"}, part(PNG_URL)]
    assert messages == asked(part(kind(file)))


def test_images_join_the_last_message_of_the_user() -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "user", "content": "And?"}, {"role": "assistant"}]
    sent = with_images(messages, [PNG, "https://example.com/x.png"])
    assert sent[1]["content"] == [{"type": "text", "text": "And?"}, part(PNG_URL), part("https://example.com/x.png")]
    assert (sent[0], sent[2]) == (messages[0], messages[2])


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff0", "image/jpeg"),
        (b"GIF89a0", "image/gif"),
        (b"RIFF0000WEBP", "image/webp"),
    ],
)
def test_the_type_is_what_the_bytes_say(data: bytes, kind: str) -> None:
    (sent,) = with_images(asked(part(data)), [])
    assert str(sent["content"]).count(f"data:{kind};base64,") == 1


def test_what_is_no_image_does_not_travel(tmp_path: Path) -> None:
    key = tmp_path / "id.png"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    with pytest.raises(ModelError, match="neither PNG, JPEG, GIF nor WebP") as refused:
        with_images(asked(part(str(key))), [])
    assert refused.value.code == "invalid_image"


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("/nowhere/x.png", r"cannot read the image 'x.png': No such file"),
        ("/tmp", r"Is a directory"),
        ("a\0b", r"it is no path"),
        (None, r"a path, a URL or bytes"),
        (PNG + b"0" * MAX_IMAGE_BYTES, r"more than 20 MiB"),
    ],
)
def test_an_image_that_cannot_be_sent_is_refused(image: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        with_images(asked(part(image)), [])


def test_images_need_a_message_of_the_user() -> None:
    with pytest.raises(ModelError, match="there is none; add one"):
        with_images([{"role": "system", "content": "x"}], [PNG])
