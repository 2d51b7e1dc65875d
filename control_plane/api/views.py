from __future__ import annotations

from contextlib import ExitStack
from typing import Any, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from control_plane.api.errors import ApiError, as_api_error
from control_plane.api.request_id import new_request_id
from control_plane.tenancy.entering import in_workspace
from control_plane.workspaces.services import Principal

InputT = TypeVar("InputT", bound=BaseModel)


class TenantView(APIView):
    """A view that knows its caller's workspace and can see nothing else. Each request is one transaction."""

    workspace_id: UUID

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.workspace_id = cast(Principal, request.user).workspace_id
        self._entered.enter_context(in_workspace(self.workspace_id))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            with ExitStack() as self._entered:
                return super().dispatch(request, *args, **kwargs)
        except Exception as error:
            # The answer was ready, but its transaction cannot be committed.
            self.response = self.finalize_response(self.request, self.handle_exception(error))
            return self.response

    def handle_exception(self, exc: Exception) -> Response:
        # It becomes an answer here, and is undone here: the end of the request would commit what came before it.
        self._entered.__exit__(type(exc), exc, exc.__traceback__)
        return super().handle_exception(exc)

    def read(self, kind: type[InputT]) -> InputT:
        """The body as one of the shared types.

        Raises:
            pydantic.ValidationError: becomes a 422.
        """
        return kind.model_validate(self.request.data)


class ServiceView(APIView):
    """What a client needs to know before it has a token."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"service": "ductape", "version": "v1", "runner_url": settings.RUNNER_URL})


def answer(body: BaseModel, status: int = 200) -> Response:
    return Response(body.model_dump(mode="json", by_alias=True), status=status)


def deleted(tag: str) -> Response:
    return Response({"deleted": True, "tag": tag})


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def error_page(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Django's own 400, 403, 404 and 500, in the API's shape."""
    error = as_api_error(exception) if exception else ApiError(500, "internal_error", "something broke here")
    return JsonResponse(error.body(getattr(request, "request_id", new_request_id())), status=error.status)


def server_error(request: HttpRequest) -> JsonResponse:
    return error_page(request)
