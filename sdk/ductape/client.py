from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Self

from ductape import settings
from ductape.sending import TransportT

# The rest is imported by the first use of what needs it: `import ductape` loads neither requests nor pydantic.
if TYPE_CHECKING:
    from ductape.resources.agents import Agents
    from ductape.resources.audit import Audit
    from ductape.resources.members import Members
    from ductape.resources.models import Models
    from ductape.resources.products import Products
    from ductape.resources.runs import Runs
    from ductape.resources.tokens import Tokens
    from ductape.transport import Transport


class Client(ABC, Generic[TransportT]):
    """A client of one Ductape server, as one access key sees it. Connects at the first call."""

    def __init__(
        self,
        *,
        access_key: str | None = None,
        base_url: str | None = None,
        runner_url: str | None = None,
        product: str | None = None,
        env: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        product_key_fingerprint: str | None = None,
    ) -> None:
        """
        Args:
            access_key: `DUCTAPE_ACCESS_KEY` unless given.
            base_url: `DUCTAPE_BASE_URL` unless given, else http://127.0.0.1:8700.
            runner_url: `DUCTAPE_RUNNER_URL` unless given, else what the server says.
            product: tag of the product of calls that name none; `DUCTAPE_PRODUCT` unless given.
            env: slug of the environment of runs that name none; `DUCTAPE_ENV` unless given.
            timeout: seconds to connect, and between two bytes of an answer. Runs are given the time that they need.
            max_retries: how often a call is sent again that failed in passing and does no harm when sent twice.
            product_key_fingerprint: `DUCTAPE_PRODUCT_KEY_FINGERPRINT` unless given: provider keys are sealed to this
                key or not at all. Known from `product.sealing_key(...)`, from somebody who is trusted.

        Raises:
            ConfigurationError: no usable access key or URL.
        """
        self._settings = settings.load(
            access_key=access_key,
            base_url=base_url,
            runner_url=runner_url,
            product=product,
            env=env,
            timeout=timeout,
            max_retries=max_retries,
            product_key_fingerprint=product_key_fingerprint,
        )

    @cached_property
    def product(self) -> Products[TransportT]:
        from ductape.resources.products import Products

        return Products(self._transport, self._settings)

    @cached_property
    def model(self) -> Models[TransportT]:
        from ductape.resources.models import Models

        return Models(self._transport, self._settings)

    @cached_property
    def agents(self) -> Agents[TransportT]:
        from ductape.resources.agents import Agents

        return Agents(self._transport, self._settings)

    @cached_property
    def runs(self) -> Runs[TransportT]:
        from ductape.resources.runs import Runs

        return Runs(self._transport, self._settings)

    @cached_property
    def tokens(self) -> Tokens[TransportT]:
        from ductape.resources.tokens import Tokens

        return Tokens(self._transport, self._settings)

    @cached_property
    def members(self) -> Members[TransportT]:
        from ductape.resources.members import Members

        return Members(self._transport, self._settings)

    @cached_property
    def audit(self) -> Audit[TransportT]:
        from ductape.resources.audit import Audit

        return Audit(self._transport, self._settings)

    @property
    def products(self) -> Products[TransportT]:
        return self.product

    @property
    def models(self) -> Models[TransportT]:
        return self.model

    def __repr__(self) -> str:
        known = self._settings
        return f"{type(self).__name__}(base_url={known.base_url!r}, product={known.product!r}, env={known.env!r})"

    @cached_property
    def _transport(self) -> TransportT:
        return self._open()

    @abstractmethod
    def _open(self) -> TransportT: ...


class Ductape(Client["Transport"]):
    """The client for code that waits for each answer. Thread-safe."""

    def close(self) -> None:
        """Close the pooled connections. The client may be used again; it reconnects."""
        if "_transport" in self.__dict__:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> Transport:
        from ductape.transport import Transport

        return Transport(self._settings)
