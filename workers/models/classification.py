"""What a provider's refusal means: first by its status, then by its body, of which nothing is kept but the meaning."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import orjson

from workers.models.errors import ModelError
from workers.models.meanings import failure
from workers.models.waits import asked_wait, seconds_of

STATUSES: dict[int, str] = {
    400: "invalid_request",
    401: "authentication_failed",
    402: "insufficient_credits",
    403: "permission_denied",
    404: "invalid_model",
    408: "timeout",
    410: "deprecated_api",
    413: "request_too_large",
    422: "validation_error",
    429: "rate_limit",
}
"""The same for every provider. Beside these: 5xx is `service_unavailable`, 4xx `invalid_request`."""

OWN_STATUSES: dict[tuple[str, int], str] = {
    ("cohere", 498): "refusal",
    ("cohere", 499): "timeout",
}

WORDS: dict[str, str] = {
    "insufficient_quota": "insufficient_credits",
    "billing_error": "insufficient_credits",
    "billing_hard_limit_reached": "insufficient_credits",
    "billing_not_active": "insufficient_credits",
    "context_length_exceeded": "context_length_exceeded",
    "exceed_context_size_error": "context_length_exceeded",
    "content_filter": "refusal",
    "content_policy_violation": "refusal",
    "moderation_blocked": "refusal",
    "invalid_api_key": "authentication_failed",
    "api_key_invalid": "authentication_failed",
    "model_not_found": "invalid_model",
    "model_deprecated": "deprecated_api",
    "model_decommissioned": "deprecated_api",
}
"""What providers write as `code`, `type`, `status` or `reason`, in lower case, that says more than the status."""

WORDS_WITHOUT_STATUS: dict[str, str] = {
    "authentication_error": "authentication_failed",
    "unauthenticated": "authentication_failed",
    "permission_error": "permission_denied",
    "permission_denied": "permission_denied",
    "not_found_error": "invalid_model",
    "not_found": "invalid_model",
    "request_too_large": "request_too_large",
    "rate_limit_error": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "resource_exhausted": "rate_limit",
    "overloaded_error": "service_unavailable",
    "api_error": "service_unavailable",
    "server_error": "service_unavailable",
    "internal": "service_unavailable",
    "unavailable": "service_unavailable",
    "timeout_error": "timeout",
    "deadline_exceeded": "timeout",
    "invalid_request_error": "invalid_request",
    "invalid_argument": "invalid_request",
}
"""What they write instead of a status where an answer has begun already."""

PHRASES: tuple[tuple[str, str], ...] = (
    (r"credit balance|insufficient (credit|balance|funds)|(out of|no|available) credits", "insufficient_credits"),
    (r"spending limit|current quota|exceeded your .{0,40}quota", "insufficient_credits"),
    (r"context (length|window|size)|prompt (is too long|length)|too many (input )?tokens", "context_length_exceeded"),
    (r"input token count", "context_length_exceeded"),
    (r"(incorrect|invalid) api[ -]key|api[ -]key not valid", "authentication_failed"),
    (r"requires moderation|content (management )?polic|safety system", "refusal"),
    (r"deprecated|decommissioned|no longer (available|supported)", "deprecated_api"),
    (r"payload too large|request (entity )?too large", "request_too_large"),
)
"""What they write for people, in lower case. First match wins."""

# The other statuses say precisely what they mean, or, from 500 on, come from something before the provider.
_REFINED = frozenset({None, 400, 403, 404, 422, 429})
_LIMIT = re.compile(
    r"(?:maximum (?:context|prompt) length is|allowed \(|cannot exceed|context size[^\d]{0,20}) ?(\d{3,9})"
    r"|(\d{3,9}) (?:token )?maximum"
)
_WORD_KEYS = frozenset({"code", "type", "status", "reason"})
_TEXT_KEYS = frozenset({"message", "msg", "detail", "error", "raw"})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def classify(
    provider: str, status: int | None, headers: Mapping[str, str] = _NO_HEADERS, body: bytes = b""
) -> ModelError:
    """The error for every status but 200.

    Args:
        status: of HTTP; `None` for an error within an answer that had begun.
        headers: where the provider may ask to wait.
        body: what was read of it; its text goes nowhere.
    """
    said = _Said(body)
    status = status or said.status
    code = _code(provider, status, said)
    wait = asked_wait(headers, time.time())
    return failure(
        code,
        provider,
        status_code=status,
        provider_wait=said.wait if wait is None else wait,
        limit=_limit(said.text) if code == "context_length_exceeded" else None,
    )


class _Said:
    """The few things in a body that mean something."""

    def __init__(self, body: bytes) -> None:
        self.words: list[str] = []
        self.text = ""
        self.status: int | None = None
        self.wait: float | None = None
        try:
            pairs = list(_pairs(orjson.loads(body)))
        except ValueError:
            pairs = [("message", body.decode(errors="replace"))]
        for key, value in pairs:
            self._note(key, value)

    def _note(self, key: str, value: object) -> None:
        if isinstance(value, int) and key == "code" and 400 <= value < 600:
            self.status = self.status or value
        if not isinstance(value, str):
            return
        if key in _WORD_KEYS:
            self.words.append(value.lower())
        if key in _TEXT_KEYS:
            self.text += f"{value.lower()}\n"
        if key == "retryDelay":
            self.wait = seconds_of(value)
        if key == "quotaId" and "PerDay" in value:
            self.words.append("insufficient_quota")


def _pairs(value: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    if depth > 6:
        return
    if isinstance(value, list):
        for item in value[:100]:
            yield from _pairs(item, depth + 1)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _pairs(inner, depth + 1)


def _code(provider: str, status: int | None, said: _Said) -> str:
    if status in _REFINED and (code := _refined(said)):
        # Google says "quota" of every limit, and how long to wait where waiting helps.
        waiting_helps = code == "insufficient_credits" and said.wait is not None and not _worded(said, WORDS)
        return "rate_limit" if waiting_helps else code
    if status is None:
        return _worded(said, WORDS_WITHOUT_STATUS) or "provider_error"
    return OWN_STATUSES.get((provider, status)) or STATUSES.get(status) or _by_hundred(status)


def _refined(said: _Said) -> str | None:
    phrased = (code for phrase, code in PHRASES if re.search(phrase, said.text))
    return _worded(said, WORDS) or next(phrased, None)


def _worded(said: _Said, meanings: Mapping[str, str]) -> str | None:
    return next((meanings[word] for word in said.words if word in meanings), None)


def _by_hundred(status: int) -> str:
    if status >= 500:
        return "service_unavailable"
    if status >= 400:
        return "invalid_request"
    return "redirect_refused" if status >= 300 else "invalid_response"


def _limit(text: str) -> int | None:
    found = _LIMIT.search(text)
    return int(found[1] or found[2]) if found else None
