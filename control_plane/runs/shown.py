from __future__ import annotations

from typing import cast

from control_plane.runs.models import Run
from ductape.types import runs
from ductape.types.config import Resolved
from workers.models.errors import ModelError


def run(row: Run) -> runs.Run:
    return runs.Run(
        execution_id=str(row.id),
        status=cast(runs.RunStatus, row.status),
        stop_reason=row.stop_reason or None,
        product=row.product.tag,
        env=row.env,
        agent=row.agent_tag or None,
        key_version=row.key_version,
        attempt=row.attempt,
        output=row.output,
        iterations=1 if row.finished_at else 0,
        token_usage=_usage(row),
        timing=_timing(row),
        conversation_history=_history(row),
        resolved=Resolved.model_validate(row.resolved),
        models_tried=[runs.ModelTried.model_validate(tried) for tried in row.models_tried],
        error=runs.RunError.model_validate(row.error) if row.error else None,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def error(fault: ModelError) -> runs.RunError:
    return runs.RunError(
        code=fault.code, message=fault.message, retryable=fault.retryable, retry_after=fault.retry_after
    )


def _usage(row: Run) -> runs.TokenUsage:
    return runs.TokenUsage(
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        total_tokens=row.prompt_tokens + row.completion_tokens,
        cached_tokens=row.cached_tokens,
        reasoning_tokens=row.reasoning_tokens,
    )


def _timing(row: Run) -> runs.Timing | None:
    if row.total_ms is None:
        return None
    return runs.Timing(total=row.total_ms, time_to_first_token=row.time_to_first_token_ms)


def _history(row: Run) -> list[runs.Message]:
    messages = [runs.Message.model_validate(message) for message in row.messages]
    return [*messages, runs.Message(role="assistant", content=row.output)] if row.output else messages
