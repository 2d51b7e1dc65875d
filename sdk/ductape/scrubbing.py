"""Nothing secret in a log: every record of a process is scrubbed as it is made, whatever logger or handler it is for.

Masked are access tokens, sealed and stored keys, the credentials of HTTP headers and addresses, keys of well-known
shapes, and each provider key that is open in this process right now. Tracebacks are scrubbed as text, and the frames,
which hold the values of variables, are let go.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from logging.config import dictConfig
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

MASK = "***"


class Secret(Protocol):
    def get_secret_value(self) -> str: ...


SecretT = TypeVar("SecretT", bound=Secret)

# By identity and weakly: what is known here is the very object that the call uses, for as long as there is one.
_open: WeakValueDictionary[int, Secret] = WeakValueDictionary()

_QUOTE = r"""(?:b(?=["']))?(?:\\?["'])?"""
_VALUE = r"""(?:(?:Bearer|Basic|Token)\s+)?[^\s"'\\,;)}\]&#]+"""
_HEADERS = r"(?:proxy-)?authorization|x-api-key|x-goog-api-key|api-key|cookie|set-cookie"
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\bd(?:ts|tr|tw)_[0-9A-Za-z]{8,}(?:_[0-9A-Za-z]+)?", MASK),
        (r"\bd(?:seal|rest)\d\.[\w-]+\.[\w-]+={0,2}", MASK),
        # As a header, as the repr of a dict or of a list of pairs, in bytes too.
        (rf"\b({_HEADERS})({_QUOTE}\s*[:=,]\s*{_QUOTE}){_VALUE}", rf"\1\2{MASK}"),
        (r"\b(Bearer\s+)[\w.~+/-]{8,}=*", rf"\1{MASK}"),
        (r"([?&](?:key|access_token|token)=|\bapi_?key=)[^\s&#\"'\\]+", rf"\1{MASK}"),
        (r"\b(?:sk|xai|gsk|hf)[-_][\w-]{12,}|\bAIza[\w-]{20,}", MASK),
    )
)


def opened(secret: SecretT) -> SecretT:
    """Tell that a key is open now. It is masked from here on, until the object is gone."""
    _open[id(secret)] = secret
    return secret


def scrub(text: str) -> str:
    for reference in _open.valuerefs():
        secret = reference()
        if secret is not None and secret.get_secret_value():
            text = text.replace(secret.get_secret_value(), MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def install() -> None:
    """Scrub every record of this process from here on. Doing it twice changes nothing."""
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _Scrubbing):
        logging.setLogRecordFactory(_Scrubbing(factory))


def configure(config: dict[str, Any]) -> None:
    """For Django's `LOGGING_CONFIG`."""
    dictConfig(config)
    install()


class _Scrubbing:
    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        record.msg, record.args = scrub(_message(record)), ()
        if record.exc_info:
            record.exc_text, record.exc_info = scrub(_traceback(record)), None
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        return record


def _message(record: logging.LogRecord) -> str:
    # What the call got wrong is its own handler's to complain of, but not with the arguments.
    try:
        return record.getMessage()
    except Exception as error:
        return f"{record.msg} [{type(error).__name__} in its arguments]"


def _traceback(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)).rstrip() if record.exc_info else ""
