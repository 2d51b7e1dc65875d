from __future__ import annotations

import json
import traceback
from itertools import product
from typing import Any

import pytest

from workers.models.classification import classify
from workers.models.errors import ModelAPIError, ModelRateLimitError, ModelTimeoutError, ModelTokenLimitError
from workers.models.wires import PROVIDERS

CANARY = "sk-canary-0123456789"
PAID = [provider for provider in PROVIDERS if provider != "local"]
MEANT = {
    204: "invalid_response",
    307: "redirect_refused",
    400: "invalid_request",
    401: "authentication_failed",
    402: "insufficient_credits",
    403: "permission_denied",
    404: "invalid_model",
    408: "timeout",
    409: "invalid_request",
    410: "deprecated_api",
    413: "request_too_large",
    418: "invalid_request",
    422: "validation_error",
    429: "rate_limit",
    498: "invalid_request",
    499: "invalid_request",
    500: "service_unavailable",
    502: "service_unavailable",
    503: "service_unavailable",
    504: "service_unavailable",
    529: "service_unavailable",
}
OWN = {("cohere", 498): "refusal", ("cohere", 499): "timeout"}
CONTEXT, CREDITS, KEY = "context_length_exceeded", "insufficient_credits", "authentication_failed"
RETRYABLE = {"timeout", "rate_limit", "service_unavailable"}


@pytest.mark.parametrize(("provider", "status"), list(product(PAID, MEANT)))
def test_each_status_of_each_provider_has_its_meaning(provider: str, status: int) -> None:
    error = classify(provider, status, {}, CANARY.encode())
    code = OWN.get((provider, status), MEANT[status])
    assert (error.code, error.status_code, error.provider) == (code, status, provider)
    assert error.retryable == (code in RETRYABLE)
    assert error.suggested_action
    assert CANARY not in "".join(traceback.format_exception(error)) + repr(vars(error))


def test_an_openrouter_503_is_what_the_seed_prints() -> None:
    e = classify("openrouter", 503)
    assert isinstance(e, ModelAPIError)
    assert [
        f"Error Code: {e.error_code}",
        f"Classification: {e.classification}",
        f"Is Retryable: {e.is_retryable}",
        f"Retry After: {e.retry_after}s",
        f"Suggested Action: {e.suggested_action}",
    ] == [
        "Error Code: MODEL_API_SERVICE_UNAVAILABLE_ERROR",
        "Classification: service_unavailable",
        "Is Retryable: True",
        "Retry After: 10s",
        "Suggested Action: Service temporarily unavailable. Please try again later.",
    ]


def openai(**error: Any) -> dict[str, Any]:
    return {"error": {"message": CANARY, "type": "", "param": None, "code": None, **error}}


def google(status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": 429, "status": status, "message": message, "details": list(details)}}


RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "31s"}
DAILY = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
QUOTA = "You exceeded your current quota, please check your plan and billing details."


@pytest.mark.parametrize(
    ("provider", "status", "body", "code"),
    [
        ("openai", 429, openai(code="insufficient_quota", message=QUOTA), CREDITS),
        ("openai", 429, openai(type="tokens", code="rate_limit_exceeded"), "rate_limit"),
        ("openai", 400, openai(code=CONTEXT), CONTEXT),
        ("openai", 400, openai(code="content_policy_violation"), "refusal"),
        ("openai", 404, openai(code="model_not_found"), "invalid_model"),
        ("openai", 404, openai(code="model_not_found", message="The model has been deprecated"), "invalid_model"),
        ("openai", 404, openai(message="The model `gpt-3` has been deprecated, learn more"), "deprecated_api"),
        ("openai", 503, openai(message="credit balance deprecated"), "service_unavailable"),
        ("anthropic", 400, openai(message="Your credit balance is too low to access the API."), CREDITS),
        ("anthropic", 400, openai(message="prompt is too long: 215000 tokens > 200000 maximum"), CONTEXT),
        ("anthropic", 429, openai(type="rate_limit_error", message="40,000 input tokens per minute"), "rate_limit"),
        ("anthropic", 529, openai(type="overloaded_error"), "service_unavailable"),
        ("google", 400, google("INVALID_ARGUMENT", "API key not valid.", {"reason": "API_KEY_INVALID"}), KEY),
        ("google", 429, google("RESOURCE_EXHAUSTED", QUOTA, RETRY), "rate_limit"),
        ("google", 429, google("RESOURCE_EXHAUSTED", QUOTA, RETRY, DAILY), CREDITS),
        ("google", 429, google("RESOURCE_EXHAUSTED", QUOTA), CREDITS),
        ("xai", 400, {"code": "Client error", "error": "Incorrect API key provided"}, KEY),
        ("xai", 403, {"code": "denied", "error": "Your team has used all available credits"}, CREDITS),
        ("openrouter", 403, openai(message="Your chosen model requires moderation and was flagged"), "refusal"),
        ("openrouter", 400, openai(metadata={"raw": "maximum context length is 8192 tokens"}), CONTEXT),
        ("cohere", 400, {"message": "too many tokens: the total cannot exceed 4081"}, CONTEXT),
        (
            "custom",
            400,
            openai(type="exceed_context_size_error", message="available context size (4096 tokens)"),
            CONTEXT,
        ),
        ("custom", 400, {"detail": [{"msg": "value is not valid", "type": "type_error"}]}, "invalid_request"),
    ],
)
def test_the_body_says_more_than_the_status(provider: str, status: int, body: dict[str, Any], code: str) -> None:
    error = classify(provider, status, {}, json.dumps(body).encode())
    assert (error.code, error.status_code) == (code, status)
    assert error.retryable == (code in RETRYABLE)
    assert CANARY not in repr(vars(error))


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("This model's maximum context length is 8192 tokens, you requested 9000", 8192),
        ("prompt is too long: 215000 tokens > 200000 maximum", 200000),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1048576),
        ("This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 131072),
        ("too many tokens: the total number of tokens cannot exceed 4081", 4081),
        ("the request exceeds the available context size (4096 tokens), try increasing it", 4096),
        ("the context window is full", None),
    ],
)
def test_a_token_limit_is_read_out_of_the_message(message: str, limit: int | None) -> None:
    error = classify("openai", 400, {}, json.dumps(openai(message=message)).encode())
    assert isinstance(error, ModelTokenLimitError)
    assert error.limit == limit


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [
        ({"error": {"code": 502, "message": "bad gateway"}}, "service_unavailable", 502),
        ({"error": {"code": 429, "message": "slow"}}, "rate_limit", 429),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, "service_unavailable", None),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}, "rate_limit", None),
        ({"error": {"type": "server_error", "code": None}}, "service_unavailable", None),
        ({"error": {"code": "insufficient_quota"}}, "insufficient_credits", None),
        ({"error": CANARY}, "provider_error", None),
        ([], "provider_error", None),
    ],
)
def test_an_error_within_an_answer_is_classified_without_a_status(said: Any, code: str, status: int | None) -> None:
    error = classify("openrouter", None, body=json.dumps(said).encode())
    assert (error.code, error.status_code) == (code, status)


def test_rate_limits_and_timeouts_have_classes_of_their_own() -> None:
    limited = classify("openai", 429, {"Retry-After": "1.5"})
    assert isinstance(limited, ModelRateLimitError)
    assert (limited.retry_after, limited.provider_wait) == (1.5, 1.5)
    assert isinstance(classify("openrouter", 408), ModelTimeoutError)


def test_quota_is_never_waited_for() -> None:
    body = json.dumps(openai(code="insufficient_quota")).encode()
    error = classify("openai", 429, {"Retry-After": "20"}, body)
    assert (error.retryable, error.retry_after) == (False, None)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 60_000, b"null", b'{"error": null}', b'{"error": 5}'])
def test_any_body_is_survived(body: bytes) -> None:
    assert classify("openai", 400, {}, body).code == "invalid_request"
