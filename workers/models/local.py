from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Protocol, TypeAlias

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from ductape.types.config import ConfigOverrides
from workers.models.base import ChatCall, ChatChunk
from workers.models.errors import ModelError
from workers.models.wires import allowed_parameters

Emit: TypeAlias = Callable[[ChatChunk | ModelError], None]
"""Receives zero or more deltas, then exactly one `Finished` or error. On the engine's thread: never block."""

_TOP_K: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, strict=True)])


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
    if checked.reasoning_effort is not None:
        message = "local models cannot apply reasoning_effort; set it to null, or use thinking_budget"
        raise ModelError(message, code="unsupported_setting")
    parameters = allowed_parameters("local", checked.parameters)
    if "top_k" in parameters:
        _check_top_k(parameters["top_k"])
    return checked


def _check_top_k(value: JsonValue) -> None:
    try:
        _TOP_K.validate_python(value)
    except ValidationError:
        message = "setting parameters.top_k: it is a whole number from 1 on"
        raise ModelError(message, code="invalid_settings") from None
