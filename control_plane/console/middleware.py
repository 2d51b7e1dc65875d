from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from control_plane.audit.actors import Actor, Kind, acting
from control_plane.tenancy.entering import as_operator


class AdminScopeMiddleware:
    """The admin is for the operators of an installation, who see every workspace; only superusers enter it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/admin/") or not admin.site.has_permission(request):
            return self.get_response(request)
        with as_operator(), acting(_actor(request)):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response


def _actor(request: HttpRequest) -> Actor:
    request_id: str = request.request_id  # type: ignore[attr-defined]  # set by RequestIdMiddleware
    address = request.META.get("REMOTE_ADDR", "")
    name = request.user.get_username()
    return Actor(Kind.USER, str(request.user.pk), name, request_id=request_id, address=address)
