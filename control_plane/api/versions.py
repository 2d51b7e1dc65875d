"""Changes that are meant for one version of an entity: `If-Match` asks for it, `ETag` tells it."""

from __future__ import annotations

import re

from rest_framework.request import Request

from control_plane.api.errors import ApiError


def expected_version(request: Request) -> int | None:
    """The version that is to be changed; `None`: whichever there is.

    Raises:
        ApiError: 422 the header does not hold one version.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return None
    # A proxy that compresses answers makes their tags weak ones.
    found = re.fullmatch(r'(?:W/)?"(\d{1,9})"', header, re.ASCII)
    if found is None:
        raise ApiError(422, "invalid_argument", 'If-Match: give one version in quotes, such as "3"', param="If-Match")
    return int(found[1])


def refuse_other_version(noun: str, tag: str, *, present: int, expected: int | None) -> None:
    """Raises: ApiError: 412 with the present version; 0 is the version of what does not exist yet."""
    if expected is None or expected == present:
        return
    message = f"the {noun} {tag!r} is at version {present}, not {expected}; fetch it and make the change to that one"
    raise ApiError(412, "version_mismatch", message, param="If-Match")
