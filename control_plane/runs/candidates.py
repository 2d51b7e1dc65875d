"""The models that may answer a run: the one that was asked for, then its fallbacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from control_plane.runs import shown
from control_plane.runs.preparing import PassedOver, Prepared
from ductape.types.config import Reason
from ductape.types.runs import ModelTried
from workers.models.base import ChatModel
from workers.models.errors import ModelError
from workers.models.fallback import Candidate, FallbackModel, Tried
from workers.models.renewing import RenewingModel

Open = Callable[[Prepared], Awaitable[ChatModel]]
Renew = Callable[[Prepared], Awaitable[tuple[Prepared, ChatModel] | None]]


class Candidates:
    """What a run calls, and afterwards whom it asked.

    Args:
        open: makes the model behind what is prepared, when its turn has come; raises ModelError.
        renew: makes it again with the key of now, when its key was refused; `None`: there is no other key.
    """

    def __init__(self, prepared: Prepared, open: Open, renew: Renew) -> None:
        self._open, self._renew = open, renew
        self._ways = {way.tag: way for way in (prepared, *prepared.fallbacks)}
        model = prepared.model_env.model if prepared.model_env else None
        conditions = model.fallback["when"] if model and model.fallback else []
        self.model = FallbackModel([self._candidate(way) for way in self._ways.values()], frozenset(conditions))

    def tried(self) -> list[ModelTried]:
        return [_shown(tried, self._ways[tried.candidate.tag]) for tried in self.model.tried]

    def _candidate(self, way: Prepared | PassedOver) -> Candidate:
        if isinstance(way, PassedOver):
            return Candidate(way.tag, {}, partial(_refuse, way.reason))
        # The time is the run's, whoever answers.
        settings = {name: value for name, value in way.resolved.values().items() if name != "timeout"}
        return Candidate(way.tag, settings, partial(self._opened, way))

    async def _opened(self, way: Prepared) -> ChatModel:
        return RenewingModel(await self._open(way), partial(self._renewed, way))

    async def _renewed(self, way: Prepared) -> ChatModel | None:
        renewed = await self._renew(way)
        if renewed is None:
            return None
        self._ways[way.tag], model = renewed
        return model


async def _refuse(reason: Reason) -> ChatModel:
    raise ModelError(reason.message, reason.code)


def _shown(tried: Tried, way: Prepared | PassedOver) -> ModelTried:
    error = tried.error
    fault = shown.error(error) if error else None
    if isinstance(way, PassedOver):
        return ModelTried(model=way.tag, error=fault)
    return ModelTried(
        model=way.tag,
        model_version=way.model_env.model.version if way.model_env else None,
        key_version=way.key.version if way.key else None,
        error=fault,
    )
