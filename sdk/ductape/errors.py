"""What the client raises.

DuctapeError
├── ConfigurationError            an argument, option or variable is missing or unusable; nothing was sent
├── DuctapeConnectionError        no answer, or only the beginning of one
│   └── DuctapeTimeoutError       no answer in time
└── APIError                      the server refused, or did not make sense
    ├── BadRequestError           400
    ├── AuthenticationError       401
    ├── PermissionDeniedError     403
    ├── NotFoundError             404
    ├── ConflictError             409
    ├── PreconditionFailedError   412
    ├── ValidationError           422, also raised by the client itself before anything is sent
    ├── RateLimitError            429
    └── ServerError               500 and above

A run that failed is not an exception: `agents.run` returns it, with `status` and `error` filled in.
"""

from __future__ import annotations


class DuctapeError(Exception):
    """Base of all.

    Args:
        message: one sentence for people.
        code: machine-readable, snake_case.
        status: HTTP status, where there was an answer.
        param: the argument at fault, as a dotted path.
        request_id: what to quote to the operator of the server.
        retryable: the same call may succeed later.
    """

    default_code = "error"
    default_status: int | None = None
    default_retryable = False

    def __init__(
        self,
        message: str,
        code: str | None = None,
        status: int | None = None,
        param: str | None = None,
        request_id: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.status = status or self.default_status
        self.param = param
        self.request_id = request_id
        self.retryable = self.default_retryable if retryable is None else retryable

    def __str__(self) -> str:
        request = f", request {self.request_id}" if self.request_id else ""
        return f"{self.message} ({self.code}{request})"

    def __reduce__(self) -> tuple[type[DuctapeError], tuple[str | int | bool | None, ...]]:
        # Process pools and task queues pickle exceptions by their positional arguments.
        return type(self), (self.message, self.code, self.status, self.param, self.request_id, self.retryable)


class ConfigurationError(DuctapeError):
    default_code = "configuration_error"


class DuctapeConnectionError(DuctapeError):
    default_code = "connection_error"
    default_retryable = True


class DuctapeTimeoutError(DuctapeConnectionError):
    default_code = "timeout"


class APIError(DuctapeError):
    default_code = "api_error"


class BadRequestError(APIError):
    default_status = 400


class AuthenticationError(APIError):
    default_status = 401


class PermissionDeniedError(APIError):
    default_status = 403


class NotFoundError(APIError):
    default_status = 404


class ConflictError(APIError):
    default_status = 409


class PreconditionFailedError(APIError):
    default_status = 412


class ValidationError(APIError):
    default_code = "validation_error"
    default_status = 422


class RateLimitError(APIError):
    default_status = 429
    default_retryable = True


class ServerError(APIError):
    default_status = 500
    default_retryable = True


_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    422: ValidationError,
    429: RateLimitError,
}


def class_for(status: int) -> type[APIError]:
    return _BY_STATUS.get(status, ServerError if status >= 500 else APIError)
