from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from weakref import WeakKeyDictionary

from workers.models.egress import Egress


class LoopKeeper:
    """Closes a loop's session when the loop ends, for callers who have no place to do it.

    `asyncio.run` closes the generators that its loop has seen before it closes the loop: one that waits is the only
    hook there is for code that does not own the loop.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[None, None]] = WeakKeyDictionary()

    async def open(self) -> None:
        """To be called before the session is used."""
        loop = asyncio.get_running_loop()
        if loop not in self._waiting:
            self._waiting[loop] = keeper = _until_closed(self._egress)
            await anext(keeper)

    async def close(self) -> None:
        """Close the running loop's session now."""
        keeper = self._waiting.pop(asyncio.get_running_loop(), None)
        if keeper is not None:
            await keeper.aclose()


async def _until_closed(egress: Egress) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await egress.close()
