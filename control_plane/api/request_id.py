from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from control_plane.ids import uuid7

HEADER = "X-Request-Id"


def new_request_id() -> str:
    return f"req_{uuid7().hex}"


class RequestIdMiddleware:
    """Every answer names its request, so that an error can be found in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.request_id = new_request_id()  # type: ignore[attr-defined]
        response = self.get_response(request)
        response[HEADER] = request.request_id  # type: ignore[attr-defined]
        return response
