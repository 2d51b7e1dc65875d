"""From one environment to the next: what models and agents say there, never their keys nor where they send them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import transaction

from control_plane.agents.services import content_of as agent_content
from control_plane.agents.services import define_agent, redefinition
from control_plane.api.errors import ApiError
from control_plane.audit.actions import Action
from control_plane.audit.services import write_entry
from control_plane.catalog.models import ModelEnv
from control_plane.catalog.services import update_model
from control_plane.products.models import Product
from control_plane.products.services import get_environment, lock_product
from control_plane.versions.diffing import diff
from ductape.types.entities import ModelUpdate
from ductape.types.versions import Promote, PromotionPlan
from workers.models.wires import PROVIDERS

_Sayings = dict[str, dict[str, Any]]
"""Kind -> tag -> what it says in one environment."""


def plan_promotion(*, product: Product, wanted: Promote) -> PromotionPlan:
    """Raises: ApiError: 404 an environment is not there; 422 both are the same."""
    if wanted.from_env == wanted.to_env:
        raise ApiError(422, "invalid_argument", "to_env: choose another environment than from_env", param="to_env")
    source, target = _said_in(product, wanted.from_env), _said_in(product, wanted.to_env)
    after = {kind: {**target[kind], **source[kind]} for kind in source}
    return PromotionPlan(
        from_env=wanted.from_env,
        to_env=wanted.to_env,
        changes=diff(target, after),
        missing_keys=_missing_keys(product, source["models"], wanted.to_env),
        hash=hashlib.sha256(json.dumps([source, target], sort_keys=True).encode()).hexdigest(),
    )


@transaction.atomic
def promote(*, product: Product, wanted: Promote, author: str) -> PromotionPlan:
    """Apply the plan of that hash.

    Raises:
        ApiError: 409 `plan_moved`: something in either environment has changed since.
    """
    # The two sides are read and written as one.
    lock_product(product.tag)
    plan = plan_promotion(product=product, wanted=wanted)
    if plan.hash != wanted.hash:
        raise ApiError(409, "plan_moved", "the environments have changed since this plan: make a new one", param="hash")
    changed = {tuple(change.path.split(".")[:2]) for change in plan.changes}
    message = f"promoted from {wanted.from_env} to {wanted.to_env}"
    source = _said_in(product, wanted.from_env)
    for tag in sorted(tag for kind, tag in changed if kind == "models"):
        _promote_model(product, tag, wanted, source["models"][tag], author, message)
    for tag in sorted(tag for kind, tag in changed if kind == "agents"):
        _promote_agent(product, tag, wanted.to_env, source["agents"][tag], author, message)
    write_entry(
        Action.PRODUCT_PROMOTED, product.subject, from_env=wanted.from_env, to_env=wanted.to_env, plan=plan.hash
    )
    return plan.model_copy(update={"applied": True})


def _said_in(product: Product, slug: str) -> _Sayings:
    environment = get_environment(product, slug)
    models = ModelEnv.objects.filter(model__product=product, environment=environment).select_related("model")
    agents = {agent.tag: agent_content(agent)["envs"] for agent in product.agents.order_by("tag")}
    return {
        "models": {row.model.tag: {"active": row.active, "description": row.description} for row in models},
        "agents": {tag: envs[slug] for tag, envs in agents.items() if slug in envs},
    }


def _missing_keys(product: Product, models: dict[str, Any], slug: str) -> list[str]:
    needing = [model for model in product.models.filter(tag__in=models) if PROVIDERS[model.provider].needs_key]
    keyed = ModelEnv.objects.filter(environment__slug=slug, model__in=needing, provider_key__isnull=False)
    return sorted({model.tag for model in needing} - set(keyed.values_list("model__tag", flat=True)))


def _promote_model(
    product: Product, tag: str, wanted: Promote, said: dict[str, Any], author: str, message: str
) -> None:
    rows = ModelEnv.objects.filter(model__product=product, model__tag=tag)
    env: dict[str, Any] = {"slug": wanted.to_env, **said}
    if not rows.filter(environment__slug=wanted.to_env).exists():
        # A new entry needs an address to be one at all; an existing one keeps its own.
        env["base_url"] = rows.get(environment__slug=wanted.from_env).base_url
    update = ModelUpdate.model_validate({"envs": [env], "message": message})
    update_model(product=product, tag=tag, wanted=update, author=author)


def _promote_agent(product: Product, tag: str, slug: str, said: dict[str, Any], author: str, message: str) -> None:
    agent = product.agents.get(tag=tag)
    content = agent_content(agent)
    content["envs"][slug] = said
    define_agent(product=product, wanted=redefinition(tag, content, message), author=author)
