from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.parsers import BaseParser

from control_plane.api.errors import ApiError

MAX_BODY = 8 * 1024 * 1024


def parse_object(body: bytes) -> dict[str, Any]:
    """A request's body.

    Raises:
        ApiError: 400 not JSON, or nested too deeply to be meant; 422 not an object.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError(400, "bad_request", "the body is not valid JSON") from None
    if not isinstance(value, dict):
        raise ApiError(422, "invalid_argument", "the body must be a JSON object")
    return value


def too_large() -> ApiError:
    return ApiError(413, "request_too_large", f"a request has at most {MAX_BODY} bytes")


class JSONObjectParser(BaseParser):
    """In place of DRF's own: bounded in depth and length, and the same for both roles."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise too_large()
        return parse_object(body)
