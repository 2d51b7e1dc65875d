from __future__ import annotations

import asyncio
from uuid import uuid4

from django.conf import settings

from control_plane.runs.preparing import Destination
from workers.models.base import ChatModel
from workers.models.breaker import Circuits, Rules
from workers.models.checking import check_key
from workers.models.egress import Egress, parse_allowed
from workers.models.errors import ModelError
from workers.models.fallback import Prompt
from workers.models.hosted import HostedModels
from workers.models.hosted_protocol import ModelSpec
from workers.models.retries import RetryingModel
from workers.models.wires import preload, wire_for

CHECK_SECONDS = 30.0


class Connections:
    """What a runner process holds open: the way to the hosts and the one door to providers."""

    def __init__(self) -> None:
        self._hosted = HostedModels(settings.REDIS_URL)
        self._egress = Egress(parse_allowed(settings.EGRESS_ALLOW))
        self._circuits = Circuits(Rules(settings.BREAKER_FAILURES, settings.BREAKER_SECONDS))

    async def open(self) -> None:
        await asyncio.to_thread(preload, settings.PRELOAD_PROVIDERS)
        await self._hosted.start()

    async def close(self) -> None:
        await self._hosted.close()
        await self._egress.close()

    def model(self, going_to: Destination) -> ChatModel:
        """The model behind a destination, behind the one interface.

        Raises:
            ModelError: nothing here can reach that provider.
        """
        if going_to.local is not None:
            return Prompt(self._hosted.model(ModelSpec(name=going_to.model_name, local=going_to.local)))
        if going_to.provider == "local":
            raise ModelError("the model has no local settings; update it with local={}", "model_misconfigured")
        retrying = RetryingModel(self._wire(going_to), going_to.model_name)
        return self._circuits.guard((going_to.model_env_id, going_to.model_name), Prompt(retrying))

    async def check(self, going_to: Destination) -> None:
        """Ask whoever is at a destination whether it would answer, once, whatever its circuit says.

        Raises:
            ModelError: it would not, or it did not say.
        """
        await check_key(
            self.model(going_to) if going_to.provider == "local" else self._wire(going_to),
            provider=going_to.provider,
            base_url=going_to.base_url,
            api_key=going_to.key,
            egress=self._egress,
            call_id=f"check:{uuid4()}",
            seconds=CHECK_SECONDS,
        )

    def _wire(self, going_to: Destination) -> ChatModel:
        return wire_for(
            going_to.provider,
            model_name=going_to.model_name,
            base_url=going_to.base_url,
            api_key=going_to.key,
            egress=self._egress,
        )
