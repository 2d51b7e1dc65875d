from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from control_plane.api.errors import not_found
from control_plane.catalog.keys import note_use
from control_plane.catalog.models import ProviderKey
from control_plane.runs.models import Run
from control_plane.runs.preparing import Prepared
from control_plane.workspaces.reach import current_reach
from ductape.types.runs import ModelTried, RunError, Timing, TokenUsage


@dataclass(slots=True)
class Outcome:
    """How a run ended."""

    status: Run.Status
    stop_reason: str
    output: str
    usage: TokenUsage
    timing: Timing
    error: RunError | None = None
    models_tried: list[ModelTried] = field(default_factory=list)


def get_run(run_id: UUID) -> Run:
    """Raises: ApiError: 404, also when it is beyond the caller's reach."""
    reach = current_reach()
    visible = Run.objects.filter(reach.in_products("product__tag"), reach.in_envs("env"))
    run = visible.select_related("product").filter(id=run_id).first()
    if run is None:
        raise not_found("run", str(run_id))
    return run


@transaction.atomic
def begin_run(prepared: Prepared) -> Run:
    """Write the run's row, before the call is made."""
    agent, model_env, key = prepared.agent, prepared.model_env, prepared.key
    run = Run.objects.create(
        workspace_id=prepared.product.workspace_id,
        product=prepared.product,
        env=prepared.resolved.env,
        agent_tag=agent.tag if agent else "",
        agent_version=agent.version if agent else None,
        model_tag=prepared.resolved.model,
        model_version=model_env.model.version if model_env else 0,
        key_version=key.version if key else None,
        resolved=prepared.resolved.model_dump(mode="json"),
        messages=prepared.messages,
    )
    if key is not None:
        note_use(key)
    return run


@transaction.atomic
def change_key(*, run: Run, key: ProviderKey, key_version: int | None) -> bool:
    """Note that a call of the run is made again with another key, as another attempt. Fenced, as `finish_run`.

    Args:
        key_version: of the model that the run was begun with; a fallback's key is not the run's.
    """
    mine = Run.objects.filter(id=run.id, attempt=run.attempt, status=Run.Status.RUNNING)
    changed = mine.update(attempt=run.attempt + 1, key_version=key_version)
    if changed:
        note_use(key)
    return bool(changed)


@transaction.atomic
def finish_run(*, run: Run, outcome: Outcome) -> Run:
    """Complete the run's row. Fenced: an attempt that is not the present one changes nothing."""
    values = {
        "status": outcome.status,
        "stop_reason": outcome.stop_reason,
        "output": outcome.output,
        "error": outcome.error.model_dump() if outcome.error else None,
        "models_tried": [tried.model_dump() for tried in outcome.models_tried],
        "prompt_tokens": outcome.usage.prompt_tokens,
        "completion_tokens": outcome.usage.completion_tokens,
        "cached_tokens": outcome.usage.cached_tokens,
        "reasoning_tokens": outcome.usage.reasoning_tokens,
        "total_ms": outcome.timing.total,
        "time_to_first_token_ms": outcome.timing.time_to_first_token,
        "finished_at": timezone.now(),
    }
    Run.objects.filter(id=run.id, attempt=run.attempt, status=Run.Status.RUNNING).update(**values)
    return get_run(run.id)
