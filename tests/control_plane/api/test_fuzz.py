"""Whatever is sent, the API answers, and as its document says."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from control_plane.gateway.app import Gateway
from ductape.types.names import TAG_PATTERN
from tests.control_plane.api.described import Names, the_document

control = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
runner = schemathesis.openapi.from_dict(the_document())


async def gateway(scope: Any, receive: Any, send: Any) -> None:
    """A runner that has opened no connections: nothing that is made up here reaches a model."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await Gateway()(scope, receive, send)


runner.app = gateway

# The same requests at every run.
bounded = settings(
    max_examples=6, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@control.include(path_regex="^/api/v1/").parametrize()
@bounded
def test_control_answers_as_it_says(case: Case[Any], names: Names, alice: Any) -> None:
    check(case, names, alice.token)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@runner.include(path_regex="^/v1/").parametrize()
@bounded
def test_the_runner_answers_as_it_says(case: Case[Any], names: Names, alice: Any) -> None:
    check(case, names, alice.token)


def check(case: Case[Any], names: Names, token: str) -> None:
    case.path_parameters = aimed(case.path_parameters or {}, names)
    case.call_and_validate(
        headers={"Authorization": f"Bearer {token}"},
        # What a schema allows may still be refused, such as an environment that is not there.
        excluded_checks=[positive_data_acceptance],
    )


def aimed(parameters: dict[str, Any], names: Names) -> dict[str, Any]:
    """Half of the generated names that could be some become those of things that are there."""
    return {
        name: names[name][0] if re.fullmatch(TAG_PATTERN, str(value)) and ord(str(value)[0]) % 2 else value
        for name, value in parameters.items()
    }
