"""From an HTTP answer to a typed result or to the exception that fits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import pydantic

from ductape.call import Call
from ductape.errors import APIError, class_for

T = TypeVar("T")


def result(call: Call[T], status: int, body: bytes) -> T:
    """Raises: APIError: the body is not what this version of the client expects."""
    try:
        return call.parse(json.loads(body))
    except pydantic.ValidationError:
        hint = "upgrade the older of client and server"
    except ValueError:
        hint = "is base_url that of a Ductape server?"
    # Raised out here so that no exception drags the body along as its context.
    raise APIError(f"the answer to {call.method} {call.path} was not understood; {hint}", "invalid_response", status)


def refusal(status: int, headers: Mapping[str, str], body: bytes, secret: str) -> APIError:
    """The exception for an answer of status 300 or above. `secret` is kept out of it, whatever the server sent."""
    if status < 400:
        message = "the server answered with a redirect, which would carry the access key elsewhere; correct base_url"
        return APIError(message, "redirect_refused", status)
    said = _error_object(body)
    message = _text(said, "message") or f"HTTP {status} without an explanation; is base_url that of a Ductape server?"
    retryable = said.get("retryable")
    kind = class_for(status)
    return kind(
        message.replace(secret, "***"),
        _text(said, "code"),
        status,
        _text(said, "param"),
        _text(said, "request_id") or headers.get("x-request-id"),
        retryable if isinstance(retryable, bool) else status == 408 or kind.default_retryable,
    )


def _error_object(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value[:2000] if isinstance(value, str) else None
