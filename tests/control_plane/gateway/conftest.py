from __future__ import annotations

import logging

import pytest

from ductape import scrubbing


@pytest.fixture
def capture(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Every record of every logger, as a process of ours makes it."""
    scrubbing.install()
    caplog.set_level(logging.DEBUG)
    return caplog
