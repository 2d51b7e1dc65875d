"""What can go wrong with a model.

ModelError
├── ModelAPIError        the provider answered with an error, or not at all
├── ModelTimeoutError    the deadline of the call passed
└── ModelLoadError       a local model could not be loaded
"""

from __future__ import annotations


class ModelError(Exception):
    """Base of all. The message never holds a key, a URL or a provider's own text.

    Args:
        message: one sentence for people, with the next step.
        code: machine-readable, snake_case.
        retryable: the same call may succeed later.
        status_code: HTTP status of the provider, where there was one.
    """

    default_code = "model_error"

    def __init__(
        self,
        message: str,
        code: str | None = None,
        retryable: bool = False,
        status_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.retryable = retryable
        self.status_code = status_code

    def __reduce__(self) -> tuple[type[ModelError], tuple[str, str, bool, int | None]]:
        # Celery and multiprocessing pickle exceptions by their positional arguments.
        return type(self), (self.message, self.code, self.retryable, self.status_code)


class ModelAPIError(ModelError):
    default_code = "provider_error"


class ModelTimeoutError(ModelError):
    default_code = "model_timeout"


class ModelLoadError(ModelError):
    default_code = "model_load_failed"
