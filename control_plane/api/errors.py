"""One error shape for the whole API, whoever answers: DRF's views, Django itself or the runner's gateway."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError, OperationalError
from django.http import Http404
from pydantic import ValidationError
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.vault.errors import SecretUnreadable
from ductape.types.answers import ErrorAnswer, ErrorDetail

logger = logging.getLogger(__name__)


class ApiError(Exception):
    """An answer that is not a success: status, machine-readable code, one sentence with the next step.

    Args:
        param: the argument at fault, as the caller spelled it.
        retryable: the same request may succeed later.
        headers: what HTTP wants beside the body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retryable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.retryable = retryable
        self.headers = headers or {}

    def body(self, request_id: str) -> dict[str, Any]:
        detail = ErrorDetail(
            code=self.code,
            message=self.message,
            param=self.param,
            request_id=request_id,
            retryable=self.retryable,
        )
        return ErrorAnswer(error=detail).model_dump()


def not_found(noun: str, name: str, check: str = "the tag and the product") -> ApiError:
    """The same answer for what does not exist and for what belongs to another workspace."""
    return ApiError(404, f"{noun}_not_found", f"no {noun} {name!r} here; check {check}", param=noun)


def already_exists(noun: str, name: str) -> ApiError:
    return ApiError(409, "already_exists", f"the {noun} {name!r} exists already; update it or choose another tag")


def unauthenticated() -> ApiError:
    message = "send a valid access token as `Authorization: Bearer dts_...`"
    return ApiError(401, "invalid_token", message, headers={"WWW-Authenticate": "Bearer"})


def missing_scope(scope: str) -> ApiError:
    return ApiError(403, "missing_scope", f"this access token lacks the scope `{scope}`")


def beyond_binding() -> ApiError:
    return ApiError(
        403,
        "beyond_binding",
        "this access token is bound to products or environments and this changes more than those; use an unbound one",
    )


def invalid(error: ValidationError) -> ApiError:
    """The first of pydantic's complaints as one sentence, without the value: it may be a secret."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    code = "unknown_argument" if first["type"] == "extra_forbidden" else "invalid_argument"
    message = "unknown argument" if code == "unknown_argument" else first["msg"].removeprefix("Value error, ")
    return ApiError(422, code, f"{where}: {message}" if where else message, param=where or None)


_BY_STATUS = {
    400: "bad_request",
    401: "invalid_token",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "request_too_large",
    415: "unsupported_media_type",
}


def as_api_error(error: BaseException) -> ApiError:
    """Whatever was raised, as the answer that the caller gets; what nobody foresaw is logged and says nothing."""
    match error:
        case ApiError():
            return error
        case ValidationError():
            return invalid(error)
        case exceptions.APIException():
            return ApiError(error.status_code, _BY_STATUS.get(error.status_code, "bad_request"), str(error.detail))
        case Http404():
            return ApiError(404, "not_found", "no such address; see /api/v1/")
        case PermissionDenied():
            return ApiError(403, "forbidden", "not allowed")
        case SuspiciousOperation():
            return ApiError(400, "bad_request", "the request is malformed")
        case SecretUnreadable():
            return ApiError(500, "secret_unreadable", str(error))
        case DataError():
            # A NUL character is valid JSON, but no text.
            return ApiError(422, "invalid_argument", "a text holds a character that cannot be stored")
        case OperationalError():
            logger.error("database unavailable: %s", type(error).__name__)
            return ApiError(503, "unavailable", "the database cannot be reached; try again", retryable=True)
    logger.error("unhandled %s", type(error).__name__, exc_info=error)
    return ApiError(500, "internal_error", "something broke here; the request id is in our log", retryable=True)


def handle_exception(error: Exception, context: dict[str, Any]) -> Response:
    request: Request = context["request"]
    answer = as_api_error(error)
    request_id: str = request._request.request_id  # type: ignore[attr-defined]  # set by RequestIdMiddleware
    return Response(answer.body(request_id), status=answer.status, headers=answer.headers)
