from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django_scopes import scope
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from control_plane.api.errors import ApiError, as_api_error
from control_plane.api.operations import operation
from control_plane.api.pagination import PAGING
from control_plane.api.request_id import new_request_id
from control_plane.audit.actors import acting
from control_plane.tenancy.entering import in_workspace
from control_plane.workspaces.models import Scope
from control_plane.workspaces.services import Principal
from ductape.types.answers import Deleted, Service

InputT = TypeVar("InputT", bound=BaseModel)


class TenantView(APIView):
    """A view that knows its caller's workspace and can see nothing else. Each request is one transaction."""

    needs: ClassVar[Scope | None] = None
    """The scope that every method needs; None: `read` to read, `write` to change."""
    keeps_within_reach: ClassVar[frozenset[str]] = frozenset()
    """Methods that change nothing beyond the products and environments that the caller's token is bound to."""

    workspace_id: UUID
    caller: Principal

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.caller = cast(Principal, request.user)
        self.workspace_id = self.caller.workspace_id
        self._entered.enter_context(in_workspace(self.workspace_id))
        self._entered.enter_context(scope(reach=self.caller.reach))
        self._entered.enter_context(acting(self.caller.actor))

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

    def filters(self, kind: type[InputT]) -> InputT:
        """The query as one of the shared types. What pages a list is no filter.

        Raises:
            pydantic.ValidationError: becomes a 422.
        """
        given = self.request.query_params.dict()
        return kind.model_validate({name: given[name] for name in given.keys() - PAGING})


class ServiceView(APIView):
    """What a client needs to know before it has a token."""

    authentication_classes = ()
    permission_classes = ()

    @operation("service_fetch", "Ask the service who it is", public=True)
    def get(self) -> Service:
        return Service(service="ductape", version="v1", runner_url=settings.RUNNER_URL)


def deleted(tag: str) -> Deleted:
    return Deleted(deleted=True, tag=tag)


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def error_page(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Django's own 400, 403, 404 and 500, in the API's shape."""
    error = as_api_error(exception) if exception else ApiError(500, "internal_error", "something broke here")
    return JsonResponse(error.body(getattr(request, "request_id", new_request_id())), status=error.status)


def server_error(request: HttpRequest) -> JsonResponse:
    return error_page(request)
