from __future__ import annotations

import pickle

import pytest

from ductape import errors
from ductape.errors import APIError, DuctapeError, RateLimitError, ServerError, class_for

CLASSES: list[type[DuctapeError]] = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DuctapeError)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_survives_pickling(kind: type[DuctapeError]) -> None:
    error = kind("it went wrong", "some_code", 499, "envs.0", "req_1", True)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == str(error) == "it went wrong (some_code, request req_1)"


@pytest.mark.parametrize("kind", CLASSES)
def test_the_tree_in_the_docstring_names_every_error(kind: type[DuctapeError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


def test_each_status_has_its_class() -> None:
    found = {status: class_for(status).__name__ for status in (400, 401, 403, 404, 409, 412, 422, 429)}
    assert found == {
        400: "BadRequestError",
        401: "AuthenticationError",
        403: "PermissionDeniedError",
        404: "NotFoundError",
        409: "ConflictError",
        412: "PreconditionFailedError",
        422: "ValidationError",
        429: "RateLimitError",
    }
    assert class_for(418) is APIError
    assert class_for(500) is class_for(599) is ServerError


def test_only_what_may_pass_is_retryable() -> None:
    retryable = {kind.__name__ for kind in CLASSES if kind("it went wrong").retryable}
    assert retryable == {"DuctapeConnectionError", "DuctapeTimeoutError", "RateLimitError", "ServerError"}
    assert RateLimitError("slow down", retryable=False).retryable is False
