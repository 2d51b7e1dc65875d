from __future__ import annotations

import pickle

import pytest

from workers.models import errors
from workers.models.errors import ModelAPIError, ModelError, ModelLoadError, ModelRateLimitError, ModelTimeoutError
from workers.models.meanings import MEANINGS, failure

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ModelError)]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_survives_a_pickle_with_all_it_knows(kind: type[ModelError]) -> None:
    error = kind(
        "it failed; try again",
        "some_code",
        True,
        503,
        provider_wait=1.5,
        suggested_action="Wait.",
        provider="xai",
        limit=7,
    )
    error.context["max_retries"] = 3
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert str(again) == "it failed; try again"


def test_the_codes_of_marsys_stay() -> None:
    assert ModelError("x").error_code == "MODEL_ERROR"
    assert failure("context_length_exceeded").error_code == "MODEL_TOKEN_LIMIT_ERROR"
    assert failure("rate_limit").error_code == "MODEL_API_RATE_LIMIT_ERROR"
    assert ModelTimeoutError("x").error_code == "MODEL_API_TIMEOUT_ERROR"
    assert ModelLoadError("x").error_code == "MODEL_LOAD_ERROR"


@pytest.mark.parametrize("code", MEANINGS)
def test_every_meaning_says_what_to_do(code: str) -> None:
    error = failure(code, "openai")
    assert (error.code, error.classification, error.is_retryable) == (code, code, error.retryable)
    assert error.provider == "openai"
    assert error.suggested_action is not None
    assert error.suggested_action.endswith(".")
    assert "; " in error.message or "," in error.message or code in {"response_too_large", "invalid_base_url"}


def test_what_the_provider_asks_to_wait_comes_before_our_advice() -> None:
    assert failure("rate_limit").retry_after == 60
    assert failure("rate_limit", provider_wait=7).retry_after == 7
    assert failure("rate_limit", provider_wait=0).retry_after == 0


def test_timeouts_and_rate_limits_are_api_errors() -> None:
    assert issubclass(ModelTimeoutError, ModelAPIError)
    assert issubclass(ModelRateLimitError, ModelAPIError)
