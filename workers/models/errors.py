"""What can go wrong with a model.

ModelError
├── ModelAPIError            the provider answered with an error, or not at all
│   ├── ModelTimeoutError    nobody answered in time
│   └── ModelRateLimitError  too many calls at once
├── ModelTokenLimitError     the input does not fit into the model
└── ModelLoadError           a local model could not be loaded
"""

from __future__ import annotations


class ModelError(Exception):
    """Base of all. The message never holds a key, a URL or a provider's own text. All of them pickle.

    `error_code`, `classification` and `is_retryable` are the names of the seed marsys-models-api, Error Classification.

    Args:
        message: one sentence for people, with the next step.
        code: machine-readable, snake_case.
        retryable: the same call may succeed later.
        status_code: HTTP status of the provider, where there was one.
        retry_after: seconds to wait before the call is worth another try, where that is known.
        provider_wait: seconds that the provider itself asked to wait; a retry keeps to them.
        suggested_action: what the caller can do, as a sentence.
        provider: who failed.
        limit: tokens that the model takes at most, where it said so.
    """

    default_code = "model_error"

    def __init__(
        self,
        message: str,
        code: str | None = None,
        retryable: bool = False,
        status_code: int | None = None,
        *,
        retry_after: float | None = None,
        provider_wait: float | None = None,
        suggested_action: str | None = None,
        provider: str | None = None,
        limit: int | None = None,
    ) -> None:
        # The message alone: what pickles by its arguments takes the rest from the attributes.
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.retryable = retryable
        self.status_code = status_code
        self.retry_after = retry_after if provider_wait is None else provider_wait
        self.provider_wait = provider_wait
        self.suggested_action = suggested_action
        self.provider = provider
        self.limit = limit
        self.context: dict[str, int | str] = {}
        """What was tried: `max_retries` and `retry_attempts`, where the call was made again."""

    @property
    def error_code(self) -> str:
        return "MODEL_ERROR"

    @property
    def classification(self) -> str:
        return self.code

    @property
    def is_retryable(self) -> bool:
        return self.retryable


class ModelAPIError(ModelError):
    default_code = "provider_error"

    @property
    def error_code(self) -> str:
        return f"MODEL_API_{self.code.upper()}_ERROR"


class ModelTimeoutError(ModelAPIError):
    default_code = "timeout"


class ModelRateLimitError(ModelAPIError):
    default_code = "rate_limit"


class ModelTokenLimitError(ModelError):
    default_code = "context_length_exceeded"

    @property
    def error_code(self) -> str:
        return "MODEL_TOKEN_LIMIT_ERROR"


class ModelLoadError(ModelError):
    default_code = "model_load_failed"

    @property
    def error_code(self) -> str:
        return "MODEL_LOAD_ERROR"
