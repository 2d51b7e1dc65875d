from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ductape.client import Client
from ductape.errors import ConfigurationError

if TYPE_CHECKING:
    from ductape.async_transport import AsyncTransport


class AsyncDuctape(Client["AsyncTransport"]):
    """`Ductape` for asyncio: the same methods, awaited. Several event loops may use one client.

    Needs aiohttp: `pip install "ductape[async]"`.
    """

    async def aclose(self) -> None:
        """Close the running loop's connections. The client may be used again; it reconnects."""
        if "_transport" in self.__dict__:
            await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _open(self) -> AsyncTransport:
        try:
            from ductape.async_transport import AsyncTransport
        except ModuleNotFoundError as error:
            if error.name != "aiohttp":
                raise
        else:
            return AsyncTransport(self._settings)
        raise ConfigurationError('AsyncDuctape needs aiohttp: pip install "ductape[async]"')
