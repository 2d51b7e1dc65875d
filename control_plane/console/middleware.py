from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django_scopes import scopes_disabled


class AdminScopeMiddleware:
    """The admin is for the operators of an installation, who see every workspace; only superusers enter it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/admin/"):
            return self.get_response(request)
        with scopes_disabled():
            return self.get_response(request)
