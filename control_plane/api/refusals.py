"""Which errors an operation can answer with, in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from control_plane.api.errors import ApiError
from control_plane.api.operations import Operation
from control_plane.api.request_id import HEADER
from control_plane.api.schemas import reference
from ductape.types.answers import ErrorAnswer

REQUEST_ID = {"schema": {"type": "string"}, "description": "Names this request in the server's log."}
_EXAMPLE_ID = "req_0199c7a45c0070008000000000000000"

_WHEN = {
    "400": ("BadRequest", "The body is not valid JSON.", "bad_request", "the body is not valid JSON"),
    "401": ("Unauthenticated", "No valid access token.", "invalid_token", "send a valid access token"),
    "403": ("Forbidden", "The token may not do this.", "missing_scope", "this access token lacks the scope `write`"),
    "404": (
        "NotFound",
        "No such thing, or it is another workspace's.",
        "product_not_found",
        "no product 'shop' here; check the tag and the product",
    ),
    "409": ("Conflict", "What is there stands against it.", "already_exists", "the product 'shop' exists already"),
    "412": ("PreconditionFailed", "It changed meanwhile.", "version_mismatch", "the version is 3 by now"),
    "413": ("TooLarge", "The body is too large.", "request_too_large", "a request has at most 8388608 bytes"),
    "415": ("UnsupportedMediaType", "The body is not application/json.", "unsupported_media_type", "send JSON"),
    "422": (
        "Unprocessable",
        "An argument is missing, unknown or out of range; `param` names it.",
        "invalid_argument",
        "temperature: Input should be less than or equal to 2",
    ),
    "429": ("TooMany", "Too often; wait as long as `Retry-After` says.", "too_many_checks", "wait 6 seconds"),
    "5XX": ("ServerError", "It broke here; `retryable` tells whether to try again.", "unavailable", "try again"),
}


def refusals_of(operation: Operation, *, path: str) -> dict[str, Any]:
    """The error answers of an operation: those that its form implies and those that it names."""
    statuses = {"5XX", *map(str, operation.refuses)}
    if not operation.public:
        statuses |= {"401", "403", "422"}
    if "{" in path:
        statuses |= {"404"}
    if operation.reads is not None:
        statuses |= {"400", "413", "415"}
    return {status: {"$ref": f"#/components/responses/{_WHEN[status][0]}"} for status in sorted(statuses)}


def refusal_components() -> dict[str, Any]:
    return {name: _response(description, code, message) for name, description, code, message in _WHEN.values()}


def _response(description: str, code: str, message: str) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {HEADER: {"$ref": "#/components/headers/RequestId"}},
        "content": {
            "application/json": {
                "schema": reference(ErrorAnswer),
                "example": ApiError(0, code, message).body(_EXAMPLE_ID),
            }
        },
    }
