"""What an HTTP status of a provider means. One table, for plain and streamed calls alike."""

from __future__ import annotations

from typing import NamedTuple

from workers.models.errors import ModelAPIError


class Meaning(NamedTuple):
    code: str
    message: str
    retryable: bool = False


MEANINGS: dict[int, Meaning] = {
    400: Meaning("invalid_request", "the provider refused the request; check the model's settings"),
    401: Meaning("authentication_failed", "the provider refused the API key; rotate the key of this environment"),
    402: Meaning("insufficient_credits", "the provider account has no credit left; add credit and try again"),
    403: Meaning("permission_denied", "the API key may not use this model; ask the provider for access"),
    404: Meaning("invalid_model", "the provider knows no such model; check the model's name and base URL"),
    408: Meaning("timeout", "the provider gave up on the request; try again", retryable=True),
    413: Meaning("request_too_large", "the request is too large for the provider; shorten the input"),
    422: Meaning("validation_error", "the provider refused a value in the request; check the model's settings"),
    429: Meaning("rate_limit", "the provider's rate limit is reached; try again later", retryable=True),
}
_REDIRECT = Meaning(
    "redirect_refused", "the provider answered with a redirect, which is not followed; fix the base URL"
)
_OTHER = MEANINGS[400]
_UNAVAILABLE = Meaning("service_unavailable", "the provider is unavailable; try again later", retryable=True)


def error_for(status: int) -> ModelAPIError:
    """The error for any status but 200."""
    meaning = _meaning(status)
    return ModelAPIError(meaning.message, meaning.code, meaning.retryable, status)


def _meaning(status: int) -> Meaning:
    if status >= 500:
        return _UNAVAILABLE
    if 300 <= status < 400:
        return _REDIRECT
    return MEANINGS.get(status, _OTHER)
