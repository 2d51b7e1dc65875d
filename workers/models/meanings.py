"""What each thing that a provider can do to a call means: the one table of its codes."""

from __future__ import annotations

from typing import NamedTuple

from workers.models.errors import (
    ModelAPIError,
    ModelError,
    ModelRateLimitError,
    ModelTimeoutError,
    ModelTokenLimitError,
)

_LATER = "Please try again later."


class Meaning(NamedTuple):
    message: str
    suggested_action: str
    retryable: bool = False
    retry_after: int | None = None
    """Seconds; our advice where the provider asked for nothing."""
    kind: type[ModelError] = ModelAPIError


MEANINGS: dict[str, Meaning] = {
    "invalid_request": Meaning(
        "the provider refused the request; check the model's settings",
        "Check the messages and settings against what the model takes.",
    ),
    "validation_error": Meaning(
        "the provider refused a value in the request; check the model's settings",
        "Check the messages and settings against what the model takes.",
    ),
    "authentication_failed": Meaning(
        "the provider refused the API key; rotate the key of this environment", "Give a valid API key."
    ),
    "insufficient_credits": Meaning(
        "the provider account has no credit left; add credit and try again", "Add credit to the provider account."
    ),
    "permission_denied": Meaning(
        "the API key may not use this model; ask the provider for access", "Ask the provider for access to the model."
    ),
    "invalid_model": Meaning(
        "the provider knows no such model; check the model's name and base URL", "Check the model's name."
    ),
    "deprecated_api": Meaning(
        "the provider no longer serves this model; choose a newer one", "Choose a model that is still served."
    ),
    "request_too_large": Meaning(
        "the request is too large for the provider; shorten the input", "Shorten the messages or shrink the images."
    ),
    "context_length_exceeded": Meaning(
        "the input does not fit into the model's context; shorten the messages",
        "Shorten the messages or lower max_tokens.",
        kind=ModelTokenLimitError,
    ),
    "refusal": Meaning(
        "the provider's content policy refused the request; change the input", "Change the messages or the model."
    ),
    "rate_limit": Meaning(
        "the provider's rate limit is reached; try again later",
        "Send fewer calls at once, or ask the provider for a higher limit.",
        retryable=True,
        retry_after=60,
        kind=ModelRateLimitError,
    ),
    "timeout": Meaning(
        "the provider gave up on the request; try again", _LATER, retryable=True, retry_after=5, kind=ModelTimeoutError
    ),
    "service_unavailable": Meaning(
        "the provider is unavailable; try again later",
        f"Service temporarily unavailable. {_LATER}",
        retryable=True,
        retry_after=10,
    ),
    "network_error": Meaning(
        "the provider could not be reached, or broke the connection; try again",
        "Check the network and the base URL, then try again.",
        retryable=True,
    ),
    "stream_cut": Meaning(
        "the provider's stream was cut before the answer was whole; try again", _LATER, retryable=True
    ),
    "provider_error": Meaning("the provider reported an error in mid-answer; try again", _LATER, retryable=True),
    "redirect_refused": Meaning(
        "the provider answered with a redirect, which is not followed; fix the base URL", "Give the final base URL."
    ),
    "invalid_response": Meaning(
        "the provider's answer is not one of chat completions; check the base URL",
        "Check that the base URL is one of a chat completions API.",
    ),
    "response_too_large": Meaning(
        "the provider's answer is larger than any answer may be", "Lower max_tokens, or check the base URL."
    ),
    "egress_refused": Meaning(
        "the address of the base URL is not allowed; the operator can allow it with DUCTAPE_EGRESS_ALLOW",
        "Use a public address, or have the operator allow this one.",
    ),
    "invalid_base_url": Meaning(
        "the base URL must look like https://api.example.com/v1", "Give a base URL such as https://api.example.com/v1."
    ),
    "invalid_api_key": Meaning(
        "the stored API key has characters that no key has; give it again", "Give the API key again."
    ),
}


def failure(
    code: str,
    provider: str | None = None,
    *,
    status_code: int | None = None,
    provider_wait: float | None = None,
    limit: int | None = None,
) -> ModelError:
    """The error of a code of the table.

    Args:
        provider_wait: seconds that the provider asked to wait.
        limit: tokens that the model takes at most.
    """
    meaning = MEANINGS[code]
    return meaning.kind(
        meaning.message,
        code,
        meaning.retryable,
        status_code,
        retry_after=meaning.retry_after,
        provider_wait=provider_wait if meaning.retryable else None,
        suggested_action=meaning.suggested_action,
        provider=provider,
        limit=limit,
    )
