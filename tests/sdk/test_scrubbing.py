"""Nothing secret in a log, whichever part of a record it is in."""

from __future__ import annotations

import gc
import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ductape import scrubbing
from ductape.scrubbing import MASK, opened, scrub

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=60)
TEXT = st.text(max_size=40)
VALUE = "canary-7f3c9a1e5b2d8046"


@pytest.fixture
def logged() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger with a handler of its own that nobody configured, and what it has written."""
    made = logging.getLogRecordFactory()
    scrubbing.install()
    logger, stream = logging.Logger("somebody else's"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    yield logger, stream
    logging.setLogRecordFactory(made)


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {VALUE}",
        f"authorization: Basic {VALUE}",
        f"{{'Authorization': 'Bearer {VALUE}', 'Host': 'x'}}",
        f"[(b'x-api-key', b'{VALUE}'), (b'host', b'x')]",
        f'"x-goog-api-key": "{VALUE}"',
        f'\'{{\\"api-key\\": \\"{VALUE}\\"}}\'',
        f"api-key={VALUE}",
        f"<CIMultiDict('Authorization': 'Bearer {VALUE}')>",
        f"GET /v1/models?key={VALUE}&alt=sse HTTP/1.1",
        f"https://host/path?a=1&api_key={VALUE}#top",
        f"sent Bearer {VALUE}",
        f"sk-{VALUE}",
        f"dts_{VALUE.replace('-', '')}_1a2b3c",
        f"dseal1.pk_01.{VALUE}==",
        f"drest1.a1.{VALUE}=",
    ],
)
def test_what_looks_like_a_secret_is_masked_and_the_rest_is_not(text: str) -> None:
    shown = scrub(f"before {text} after")
    assert VALUE not in shown
    assert VALUE.replace("-", "") not in shown
    assert MASK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize(
    "text",
    [
        "the key of dev is set; author: carol; 3 tokens, key version 2",
        "POST /api/v1/products/shop/tokens 201",
        "x_api_keys = 3",
    ],
)
def test_words_about_secrets_are_left_alone(text: str) -> None:
    assert scrub(text) == text


@given(KEYS, TEXT, TEXT)
@settings(max_examples=50)
def test_an_open_key_is_masked_wherever_it_is(key: str, before: str, after: str) -> None:
    held = opened(SecretStr(key))
    assert key not in scrub(f"{before}{held.get_secret_value()}{after}").replace(MASK, "")


def test_a_key_is_known_no_longer_than_it_is_open() -> None:
    held, again = opened(SecretStr(VALUE)), opened(SecretStr(VALUE))
    assert scrub(VALUE) == MASK
    del held
    gc.collect()
    assert scrub(VALUE) == MASK
    del again
    gc.collect()
    assert scrub(VALUE) == VALUE


def test_message_arguments_traceback_and_stack_are_masked(logged: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = logged
    held = opened(SecretStr(VALUE))
    logger.warning("sent %s and %r", VALUE, {"key": VALUE}, stack_info=True)
    logger.warning(f"100 % of {VALUE}")
    logger.warning("%(key)s", {"key": VALUE})
    logger.warning("too few %s %s", VALUE)
    try:
        _raise(held.get_secret_value())
    except ValueError:
        logger.exception("broke")

    shown = stream.getvalue()
    assert VALUE not in shown
    assert shown.count(MASK) >= 5
    assert "100 % of ***" in shown
    assert "ValueError: *** broke" in shown
    assert "in _raise" in shown
    assert "TypeError in its arguments" in shown


def test_a_record_lets_go_of_the_frames(logged: tuple[logging.Logger, io.StringIO]) -> None:
    try:
        _raise("x")
    except ValueError:
        record = logging.getLogger().makeRecord("x", 40, "f", 1, "m", (), sys.exc_info())
    assert record.exc_info is None
    assert record.exc_text is not None
    assert re.search(r"Traceback.*ValueError", record.exc_text, re.DOTALL)


def test_installing_it_twice_is_installing_it_once(logged: tuple[logging.Logger, io.StringIO]) -> None:
    factory = logging.getLogRecordFactory()
    scrubbing.install()
    assert logging.getLogRecordFactory() is factory


@pytest.mark.parametrize("start", ["import django; django.setup()", "import control_plane.wsgi"])
def test_every_process_of_django_scrubs_what_anybody_logs(start: str) -> None:
    code = (
        f"{start}\nimport logging, sys\n"
        "logging.getLogger('anybody').error('Authorization: Bearer %s', sys.stdin.read())"
    )
    done = subprocess.run([sys.executable, "-c", code], input=VALUE, capture_output=True, text=True, check=True)
    assert MASK in done.stderr
    assert VALUE not in done.stderr


def _raise(key: str) -> None:
    raise ValueError(f"{key} broke")
