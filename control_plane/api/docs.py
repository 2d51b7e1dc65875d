from __future__ import annotations

from functools import cache

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.views import APIView

from control_plane.api.openapi import document

# Nothing from another host and no script inside the page. Swagger UI sets style attributes and has its icons in CSS.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class DocumentView(APIView):
    authentication_classes = ()
    permission_classes = ()
    schema = None

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_document(), content_type="application/json")


def docs(request: HttpRequest) -> HttpResponse:
    page = render(request, "api/docs.html")
    page["Content-Security-Policy"] = _POLICY
    return page


@cache
def _document() -> bytes:
    return orjson.dumps(document(settings.RUNNER_URL))
