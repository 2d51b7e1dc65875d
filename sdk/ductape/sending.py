"""How a described call becomes a method: of `Ductape` it returns the result, of `AsyncDuctape` it is awaited.

The one place that knows of two kinds of clients. A resource describes each call once and is decorated here; what the
method returns is decided by the transport that its client was made with.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

if TYPE_CHECKING:
    from ductape.async_transport import AsyncTransport
    from ductape.call import Call, Flow
    from ductape.resources.base import Resource
    from ductape.transport import Transport

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
TransportT = TypeVar("TransportT", bound="Transport | AsyncTransport")


class Operation(Protocol[P, T_co]):
    """A method that sends what it describes."""

    @overload
    def __get__(self, resource: Resource[Transport], owner: object) -> Callable[P, T_co]: ...
    @overload
    def __get__(self, resource: Resource[AsyncTransport], owner: object) -> Callable[P, Coroutine[Any, Any, T_co]]: ...


class Streamed(Protocol[P, T_co]):
    """A method that sends what it describes and yields the events of the answer."""

    @overload
    def __get__(self, resource: Resource[Transport], owner: object) -> Callable[P, Generator[T_co, None, None]]: ...
    @overload
    def __get__(self, resource: Resource[AsyncTransport], owner: object) -> Callable[P, AsyncGenerator[T_co, None]]: ...


def operation(describe: Callable[Concatenate[Any, P], Call[T] | Flow[T]]) -> Operation[P, T]:
    @wraps(describe)
    def method(resource: Resource[Any], *args: P.args, **kwargs: P.kwargs) -> object:
        return resource._transport.perform(partial(describe, resource, *args, **kwargs))

    return cast("Operation[P, T]", method)


def streamed(describe: Callable[Concatenate[Any, P], Call[T]]) -> Streamed[P, T]:
    @wraps(describe)
    def method(resource: Resource[Any], *args: P.args, **kwargs: P.kwargs) -> object:
        return resource._transport.stream(describe(resource, *args, **kwargs))

    return cast("Streamed[P, T]", method)
