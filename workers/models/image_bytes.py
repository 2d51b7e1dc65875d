"""Images out of `data:` URLs. Nothing here opens a path or an address."""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from workers.models.errors import ModelError
from workers.models.images import MAX_IMAGE_BYTES

MAX_PIXELS = 40_000_000
"""Of all images of one call: 120 MB once they are decoded."""
MAX_IMAGES = 16
"""Of one call."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_HEAD = re.compile(r"data:image/[a-z+.-]{1,20};base64,")


def decoded(urls: Sequence[str]) -> list[Image.Image]:
    """The images of `data:` URLs, upright, in red, green and blue.

    Raises:
        ModelError: `invalid_image`: one is none, or they are too many or too large; said before any is decoded.
    """
    if len(urls) > MAX_IMAGES:
        raise _invalid(f"a call may have {MAX_IMAGES} images, not {len(urls)}; send fewer")
    try:
        with warnings.catch_warnings(action="ignore"):
            images = [Image.open(BytesIO(_bytes(url)), formats=_FORMATS) for url in urls]
            _check_pixels(images)
            return [ImageOps.exif_transpose(image).convert("RGB") for image in images]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _invalid("an image is neither PNG, JPEG, GIF nor WebP, or is broken; send another") from None


def _bytes(url: str) -> bytes:
    head = _HEAD.match(url)
    if head is None:
        raise _invalid("a host takes images as data:image/...;base64 alone, no paths and no addresses; send its bytes")
    if len(url) - head.end() > MAX_IMAGE_BYTES * 4 / 3 + 4:
        raise _invalid(f"an image has more than {MAX_IMAGE_BYTES // 1024**2} MiB; shrink it")
    try:
        return base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error:
        raise _invalid("an image is not in base64; send it as data:image/png;base64,...") from None


def _check_pixels(images: Sequence[Image.Image]) -> None:
    pixels = sum(image.width * image.height for image in images)
    if pixels > MAX_PIXELS:
        raise _invalid(f"the images of a call may have {MAX_PIXELS:,} pixels together, not {pixels:,}; shrink them")


def _invalid(message: str) -> ModelError:
    return ModelError(message, "invalid_image")
