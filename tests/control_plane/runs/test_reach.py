"""A bound token runs and reads runs where it is bound, and nowhere else."""

from __future__ import annotations

import pytest
from django_scopes import scope

from control_plane.api.errors import ApiError
from control_plane.runs.models import Run
from control_plane.runs.preparing import prepare
from control_plane.runs.services import begin_run, get_run
from control_plane.workspaces.reach import Reach
from ductape.types.runs import RunCreate

WANTED = RunCreate(product="shop", env="dev", agent="helper", input="Hi")
WITHIN = [Reach(), Reach.of(["shop"], None), Reach.of(None, ["dev"]), Reach.of(["shop", "x"], ["dev", "prd"])]
BEYOND = [(Reach.of(["x"], ["dev"]), "product_not_found"), (Reach.of(["shop"], ["prd"]), "env_not_found")]


@pytest.fixture
def run(helper: None) -> Run:
    return begin_run(prepare(WANTED))


@pytest.mark.parametrize("reach", WITHIN)
def test_within_the_binding_it_runs_and_is_shown(run: Run, reach: Reach) -> None:
    with scope(reach=reach):
        assert prepare(WANTED).agent is not None
        assert get_run(run.id) == run


@pytest.mark.parametrize(("reach", "code"), BEYOND)
def test_beyond_the_binding_nothing_is_there(run: Run, reach: Reach, code: str) -> None:
    with scope(reach=reach):
        with pytest.raises(ApiError) as not_run:
            prepare(WANTED)
        with pytest.raises(ApiError) as not_shown:
            get_run(run.id)
    assert (not_run.value.status, not_run.value.code) == (404, code)
    assert (not_shown.value.status, not_shown.value.code) == (404, "run_not_found")
