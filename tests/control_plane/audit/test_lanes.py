"""Transactions that write at the same time: each has its place, and nobody waits for another one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from control_plane.audit.actions import Action
from control_plane.audit.models import Entry
from control_plane.audit.services import Subject, write_entry
from control_plane.audit.verifying import verify
from control_plane.tenancy.entering import as_operator, in_workspace

TOGETHER = 6
pytestmark = pytest.mark.django_db(transaction=True)


def write(workspace: UUID) -> None:
    write_entry(Action.KEY_OPENED, Subject(workspace, "key", uuid4(), "gpt"))


def at_once(workspaces: list[UUID]) -> None:
    """One open transaction for each, all of which have written before any of them ends."""
    written = Barrier(len(workspaces))

    def hold(workspace: UUID) -> None:
        try:
            with in_workspace(workspace):
                write(workspace)
                written.wait(10)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(workspaces)) as threads:
        list(threads.map(hold, workspaces))


def places(workspace: UUID) -> list[tuple[int, int]]:
    with in_workspace(workspace):
        return list(Entry.objects.order_by("lane", "seq").values_list("lane", "seq"))


def test_each_of_those_at_once_has_a_lane_of_its_own_and_the_lanes_are_used_again() -> None:
    workspace = uuid4()
    at_once([workspace] * TOGETHER)
    at_once([workspace] * TOGETHER)

    assert places(workspace) == [(lane, seq) for lane in range(TOGETHER) for seq in (1, 2)]
    with as_operator():
        assert verify().faults == []


def test_one_after_the_other_there_is_one_lane() -> None:
    workspace = uuid4()
    for _ in range(3):
        write(workspace)
    assert places(workspace) == [(0, 1), (0, 2), (0, 3)]


def test_workspaces_have_nothing_to_do_with_each_other() -> None:
    workspaces = [uuid4() for _ in range(TOGETHER)]
    at_once(workspaces)
    assert [places(workspace) for workspace in workspaces] == [[(0, 1)]] * TOGETHER


def test_what_is_rolled_back_leaves_no_gap() -> None:
    workspace = uuid4()
    write(workspace)
    with in_workspace(workspace):
        write(workspace)
        transaction.set_rollback(True)
    write(workspace)
    assert places(workspace) == [(0, 1), (0, 2)]
