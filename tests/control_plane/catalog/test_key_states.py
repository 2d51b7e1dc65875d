from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.catalog.key_states import KEPT, OVER, KeyEvent, KeyMoveRefused, KeyState, after

EVENTS = st.lists(st.sampled_from(KeyEvent), max_size=8)


def moved(state: KeyState, events: list[KeyEvent]) -> KeyState:
    for event in events:
        try:
            state = after(state, event)
        except KeyMoveRefused:
            continue
    return state


@pytest.mark.parametrize(("state", "event"), list(product(sorted(OVER), KeyEvent)), ids=str)
def test_what_is_over_stays_over(state: KeyState, event: KeyEvent) -> None:
    with pytest.raises(KeyMoveRefused, match=state.value):
        after(state, event)


@given(EVENTS)
def test_only_the_providers_word_makes_a_key_active(events: list[KeyEvent]) -> None:
    reached = moved(KeyState.PENDING, events)
    if reached in {KeyState.ACTIVE, KeyState.RETIRING}:
        assert KeyEvent.VERIFIED in events
    if reached == KeyState.RETIRING:
        assert KeyEvent.SUPERSEDED in events[events.index(KeyEvent.VERIFIED) :]


@given(st.sampled_from(sorted(KEPT - {KeyState.PENDING})), EVENTS)
def test_no_key_comes_back(state: KeyState, events: list[KeyEvent]) -> None:
    order = [KeyState.ACTIVE, KeyState.RETIRING, KeyState.DESTROYED]
    assert order.index(moved(state, events)) >= order.index(state)


def test_whatever_is_kept_is_destroyed_by_a_replacement_and_an_active_key_by_nothing_else() -> None:
    assert {after(state, KeyEvent.REPLACED) for state in KEPT} == {KeyState.DESTROYED}
    for event in set(KeyEvent) - {KeyEvent.REPLACED, KeyEvent.SUPERSEDED}:
        with pytest.raises(KeyMoveRefused):
            after(KeyState.ACTIVE, event)
