"""An AsyncDuctape that waits for each answer, so that one table of behaviours holds for both clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, Self

from ductape import AsyncDuctape, Ductape
from ductape.resources.base import Resource

Connect = Callable[..., Ductape]


class Waiting:
    def __init__(self, **options: Any) -> None:
        self._client = AsyncDuctape(**options)
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        return _Waiting(value, self._loop) if isinstance(value, Resource) else value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()


class _Waiting:
    def __init__(self, resource: Resource[Any], loop: asyncio.AbstractEventLoop) -> None:
        self._resource = resource
        self._loop = loop

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Waiting) and self._resource is other._resource

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._resource, name)
        if isinstance(value, Resource):
            return _Waiting(value, self._loop)
        return lambda **arguments: self._result(value(**arguments))

    def _result(self, described: Any) -> Any:
        if isinstance(described, AsyncGenerator):
            return self._each(described)
        return self._loop.run_until_complete(described)

    def _each(self, events: AsyncGenerator[Any, None]) -> Iterator[Any]:
        end = object()
        try:
            while (event := self._loop.run_until_complete(anext(events, end))) is not end:
                yield event
        finally:
            self._loop.run_until_complete(events.aclose())
