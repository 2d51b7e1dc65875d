"""What Django itself reports of an error, as a page and as mail, has no value in it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import get_resolver
from django.utils.log import AdminEmailHandler
from django.views.debug import technical_500_response

CANARY = "canary-7f3c9a1e5b2d8046"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of Django's own that breaks with a secret in its variables and in its message."""

    def healthz(request: Any) -> Any:
        key = request.headers["x-api-key"]
        raise RuntimeError(f"Authorization: Bearer {key}")

    (pattern,) = (each for each in get_resolver().url_patterns if str(each.pattern) == "healthz")
    monkeypatch.setattr(pattern, "callback", healthz)


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
def test_the_page_shows_no_value(broken: None, settings: Any, caplog: pytest.LogCaptureFixture, debug: bool) -> None:
    settings.DEBUG = debug
    caplog.set_level(logging.DEBUG)
    client = Client(raise_request_exception=False, headers={"x-api-key": CANARY, "accept": "text/html"})
    client.cookies["session"] = CANARY
    answer = client.post(f"/healthz?key={CANARY}", {"password": CANARY})

    assert answer.status_code == 500
    assert CANARY not in answer.content.decode() + str(answer.headers) + caplog.text
    if debug:
        assert "RuntimeError: Authorization: ***" in answer.content.decode()
    else:
        assert json.loads(answer.content)["error"]["code"] == "internal_error"


@pytest.mark.parametrize("html", [False, True], ids=["text", "html"])
def test_a_report_by_mail_shows_no_value(settings: Any, rf: Any, html: bool) -> None:
    settings.ADMINS = [("Ann", "ann@example.com")]
    record = logging.LogRecord("django.request", logging.ERROR, "f", 1, "broke", (), _exc_info())
    record.request = rf.post(f"/x?key={CANARY}", {"password": CANARY}, headers={"x-api-key": CANARY})
    AdminEmailHandler(include_html=html).emit(record)

    (sent,) = mail.outbox
    assert "RuntimeError" in str(sent.message())
    assert CANARY not in str(sent.message())


def test_the_report_of_a_page_has_the_traceback_and_no_variables(rf: Any) -> None:
    page = technical_500_response(rf.get("/"), *_exc_info()).content.decode()
    assert "in _exc_info" in page
    assert CANARY not in page


def test_a_runner_that_crashes_leaves_no_memory_on_the_disk() -> None:
    code = "import control_plane.asgi, resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(0, 0)"


def _exc_info() -> Any:
    key = CANARY
    try:
        raise RuntimeError(f"sent x-api-key: {key}")
    except RuntimeError:
        return sys.exc_info()
