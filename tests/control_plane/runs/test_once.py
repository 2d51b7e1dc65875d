from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from control_plane.api.errors import ApiError
from control_plane.idempotency.models import KeptAnswer
from control_plane.idempotency.services import KeyedRequest, keyed_request
from control_plane.runs import shown
from control_plane.runs.models import Run
from control_plane.runs.once import begin_once, events_again
from control_plane.runs.services import Outcome, finish_run
from control_plane.workspaces.services import Principal
from ductape.types.runs import RunCreate, Timing, TokenUsage

BODY = {"product": "shop", "env": "dev", "agent": "helper", "input": "Capital?"}
TOKEN_ID = uuid4()


def keyed(caller: Any, body: dict[str, str] = BODY, key: str = "one") -> KeyedRequest:
    return keyed_request(Principal(caller.workspace.id, TOKEN_ID, "alice", frozenset()), key, "POST", "/v1/runs", body)


def begin(caller: Any, body: dict[str, str] = BODY, key: str = "one") -> Run:
    return begin_once(RunCreate.model_validate(body), keyed(caller, body, key)).run


def end(run: Run, output: str = "Paris.") -> None:
    done = Outcome(Run.Status.COMPLETED, "stop", output, TokenUsage(), Timing(total=1))
    finish_run(run=run, outcome=done)


def test_a_run_that_has_ended_is_not_begun_again(helper: None, alice: Any) -> None:
    first = begin(alice)
    end(first)
    again = begin_once(RunCreate.model_validate(BODY), keyed(alice))

    assert (again.run.id, again.prepared) == (first.id, None)
    assert shown.run(again.run).output == "Paris."
    assert Run.objects.count() == 1


def test_while_it_runs_the_caller_is_told_which_run_it_is(helper: None, alice: Any) -> None:
    first = begin(alice)
    with pytest.raises(ApiError, match=str(first.id)) as refused:
        begin(alice)

    assert (refused.value.status, refused.value.code) == (409, "idempotency_in_progress")
    assert refused.value.retryable
    assert Run.objects.count() == 1


def test_a_key_is_for_one_run(helper: None, alice: Any) -> None:
    begin(alice)
    with pytest.raises(ApiError) as refused:
        begin(alice, {**BODY, "input": "Population?"})

    assert (refused.value.status, refused.value.code) == (409, "idempotency_mismatch")
    assert begin(alice, key="two").status == Run.Status.RUNNING


def test_without_a_key_each_is_a_run_of_its_own(helper: None) -> None:
    for _ in range(2):
        assert begin_once(RunCreate.model_validate(BODY), None).prepared is not None
    assert Run.objects.count() == 2
    assert KeptAnswer.objects.count() == 0


def test_a_run_that_was_refused_leaves_the_key_free(helper: None, alice: Any) -> None:
    with pytest.raises(ApiError, match="no agent 'nobody'"):
        begin(alice, {**BODY, "agent": "nobody"})

    assert KeptAnswer.objects.count() == 0
    assert begin(alice).status == Run.Status.RUNNING


@pytest.mark.parametrize(
    ("output", "types"),
    [("Paris.", ["run_started", "message_delta", "run_ended"]), ("", ["run_started", "run_ended"])],
)
def test_its_events_are_told_again_in_order(helper: None, alice: Any, output: str, types: list[str]) -> None:
    end(begin(alice), output)
    events = events_again(shown.run(begin(alice)))

    assert [event.type for event in events] == types
    assert [event.seq for event in events] == list(range(1, len(types) + 1))
