"""For views: what carries the same `Idempotency-Key` is done once and answered the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, cast

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.api.operations import respond
from control_plane.api.views import TenantView
from control_plane.idempotency.services import claim, keep, keyed_request
from control_plane.workspaces.services import Principal

HEADER = "Idempotency-Key"
Handler = Callable[..., Response]


def once(handler: Handler) -> Handler:
    """Only for answers without secrets: they are stored as they are. Refusals are not: they changed nothing."""

    @wraps(handler)
    def answered(view: TenantView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        body = cast(dict[str, Any], request.data)
        wanted = keyed_request(cast(Principal, request.user), key, str(request.method), request.path, body)
        with transaction.atomic():
            kept = claim(wanted)
            if kept.status:
                return respond(kept.body, kept.status)
            response = handler(view, request, *args, **kwargs)
            keep(kept, status=response.status_code, body=response.data)
            return response

    answered.operation = replace(handler.operation, repeatable=True)  # type: ignore[attr-defined]  # see `operation`
    return answered
