from __future__ import annotations

from control_plane.runs import shown
from control_plane.runs.models import Run
from control_plane.runs.preparing import prepare
from control_plane.runs.services import Outcome, begin_run, finish_run
from ductape.types.runs import RunCreate, Timing, TokenUsage

DONE = Outcome(
    status=Run.Status.COMPLETED,
    stop_reason="stop",
    output="Paris.",
    usage=TokenUsage(prompt_tokens=5, completion_tokens=2, total_tokens=7),
    timing=Timing(total=12.5, time_to_first_token=3.0),
)


def begun() -> Run:
    return begin_run(prepare(RunCreate(product="shop", env="dev", agent="helper", input="Capital?")))


def test_the_row_is_there_before_the_call_with_the_versions_that_it_pins(helper: None) -> None:
    run = shown.run(begun())

    assert (run.status, run.output, run.timing, run.finished_at) == ("running", "", None, None)
    row = Run.objects.get()
    assert (row.agent_version, row.model_version, row.key_version, row.attempt) == (1, 1, None, 1)


def test_finishing_completes_it(helper: None) -> None:
    run = shown.run(finish_run(run=begun(), outcome=DONE))

    assert (run.status, run.stop_reason, run.output) == ("completed", "stop", "Paris.")
    assert run.token_usage.total_tokens == 7
    assert [message.role for message in run.conversation_history] == ["system", "user", "assistant"]
    assert run.finished_at is not None


def test_a_late_result_of_a_lost_attempt_changes_nothing(helper: None) -> None:
    stale = begun()
    Run.objects.filter(id=stale.id).update(attempt=2)

    assert finish_run(run=stale, outcome=DONE).status == Run.Status.RUNNING


def test_a_run_ends_once(helper: None) -> None:
    run = begun()
    finish_run(run=run, outcome=DONE)
    again = finish_run(run=run, outcome=Outcome(Run.Status.FAILED, "late", "", TokenUsage(), Timing(total=1)))

    assert again.status == Run.Status.COMPLETED
