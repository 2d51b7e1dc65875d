from __future__ import annotations

from control_plane.api.errors import ApiError
from control_plane.products.models import Product
from control_plane.products.services import get_environment
from control_plane.runs.preparing import PassedOver, Prepared, prepare
from ductape.types.config import Reason
from ductape.types.runs import FallbackReadiness, Readiness, ReadinessItem, RunCreate


def readiness(product: Product, env: str) -> Readiness:
    """What could run in an environment, by the very checks that a run makes.

    Raises:
        ApiError: 404 there is no such environment.
    """
    get_environment(product, env)
    models = [_item(product, env, model=tag) for tag in product.models.order_by("tag").values_list("tag", flat=True)]
    agents = [_item(product, env, agent=tag) for tag in product.agents.order_by("tag").values_list("tag", flat=True)]
    items = [*models, *agents]
    return Readiness(env=env, ready=all(item.ready for item in items), items=items)


def _item(product: Product, env: str, *, model: str | None = None, agent: str | None = None) -> ReadinessItem:
    wanted = RunCreate(product=product.tag, env=env, model=model, agent=agent, input="ready?")
    reason, fallbacks = None, []
    try:
        fallbacks = [_fallback(way) for way in prepare(wanted).fallbacks]
    except ApiError as error:
        reason = Reason(code=error.code, message=error.message)
    return ReadinessItem(
        kind="agent" if agent else "model",
        tag=str(agent or model),
        ready=reason is None,
        reason=reason,
        fallbacks=fallbacks,
    )


def _fallback(way: Prepared | PassedOver) -> FallbackReadiness:
    reason = way.reason if isinstance(way, PassedOver) else None
    return FallbackReadiness(model=way.tag, ready=reason is None, reason=reason)
