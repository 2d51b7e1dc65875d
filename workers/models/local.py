from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from pydantic import JsonValue, ValidationError

from ductape.types.config import ConfigOverrides
from workers.models.base import ChatCall, Finished, TextDelta
from workers.models.errors import ModelError

LocalChunk: TypeAlias = TextDelta | Finished
Emit: TypeAlias = Callable[[LocalChunk | ModelError], None]
"""Receives zero or more `TextDelta`, then exactly one `Finished` or error. On the engine's thread: never block."""

_UNSUPPORTED = ("reasoning_effort", "thinking_budget", "response_format", "parameters")


class LocalEngine(Protocol):
    """One loaded model that generates for many calls at once. Every method may be called from any thread."""

    def submit(self, call: ChatCall, emit: Emit) -> None:
        """Starts a call and returns at once.

        Raises:
            ModelError: the call can never run, such as a prompt longer than the context. `emit` is not called then.
        """

    def cancel(self, call_id: str) -> None:
        """Ends a call as `cancelled`; one that is not there is ignored."""

    def close(self) -> None:
        """Fails the calls still running and frees the model."""


def checked_settings(settings: Mapping[str, JsonValue]) -> ConfigOverrides:
    """The settings of a call, in range, and none that a local model would ignore in silence.

    Raises:
        ModelError: `invalid_settings` or `unsupported_setting`.
    """
    try:
        checked = ConfigOverrides.model_validate(settings)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ModelError(f"setting {where}: {first['msg']}", code="invalid_settings") from None
    for name in _UNSUPPORTED:
        if getattr(checked, name) is not None:
            raise ModelError(f"local models cannot apply {name}; set it to null", code="unsupported_setting")
    return checked
