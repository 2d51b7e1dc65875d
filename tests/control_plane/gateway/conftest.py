from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ductape import scrubbing


@pytest.fixture
def capture(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every record of every logger, as a process of ours makes it."""
    scrubbing.install()
    caplog.set_level(logging.DEBUG)
    yield caplog
