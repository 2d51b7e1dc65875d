"""Images out of `data:` URLs. Nothing here opens a path or an address."""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from workers.models.errors import ModelError
from workers.models.images import MAX_IMAGE_BYTES

MAX_PIXELS = 40_000_000
"""Of one image: 160 MB once it is decoded."""
MAX_IMAGES = 16
"""Of one call."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_HEAD = re.compile(r"data:image/[a-z+.-]{1,20};base64,")


def decoded(url: str) -> Image.Image:
    """The image of a `data:` URL, upright, in red, green and blue.

    Raises:
        ModelError: `invalid_image`: it is none, or too large; said before it is decoded.
    """
    data = _bytes(url)
    try:
        with warnings.catch_warnings(action="ignore"):
            image = Image.open(BytesIO(data), formats=_FORMATS)
            _check_pixels(image)
            return ImageOps.exif_transpose(image).convert("RGB")
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


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _invalid(f"an image has {image.width} x {image.height} pixels, more than {MAX_PIXELS:,}; shrink it")


def _invalid(message: str) -> ModelError:
    return ModelError(message, "invalid_image")
