from __future__ import annotations

from typing import Any

from django.db import transaction

from control_plane.agents.models import Agent
from control_plane.agents.services import define_agent, get_agent, redefinition
from control_plane.products.models import Product
from control_plane.versions.diffing import diff
from control_plane.versions.services import get_version
from ductape.types.versions import Rollback, RollbackPreview


def preview_rollback(*, product: Product, tag: str, to: int) -> RollbackPreview:
    """Raises: ApiError: 404."""
    agent = get_agent(product, tag)
    wanted, warnings = _wanted(product, get_version(agent, to).content)
    with transaction.atomic():
        # Made and unmade, so that the preview says what would really happen.
        before = get_version(agent, agent.version).content
        changed = define_agent(product=product, wanted=redefinition(tag, wanted), author="")
        after = get_version(changed, changed.version).content
        transaction.set_rollback(True)
    return RollbackPreview(changes=diff(before, after), warnings=warnings)


def roll_back(*, product: Product, tag: str, wanted: Rollback, author: str) -> Agent:
    """Make the agent what it was at a version, as a new version.

    Raises:
        ApiError: 404.
    """
    agent = get_agent(product, tag)
    content, _ = _wanted(product, get_version(agent, wanted.to).content)
    message = wanted.message or f"rollback to version {wanted.to}"
    return define_agent(product=product, wanted=redefinition(tag, content, message), author=author)


def _wanted(product: Product, content: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    there = set(product.environments.values_list("slug", flat=True))
    gone = sorted(set(content["envs"]) - there)
    envs = {slug: env for slug, env in content["envs"].items() if slug in there}
    return {**content, "envs": envs}, [f"the environment {slug!r} is gone and stays gone" for slug in gone]
