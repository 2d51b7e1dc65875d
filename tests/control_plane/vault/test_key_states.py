from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_plane.vault.key_states import KeyState, StateRefused, active_of, move, stage

KIDS = ["a1", "a2", "a3", "a4"]
steps = st.lists(st.tuples(st.sampled_from(KIDS), st.sampled_from([None, *KeyState])), max_size=12)
LATER = {
    KeyState.STAGED: {KeyState.STAGED, KeyState.ACTIVE, KeyState.DESTROYED},
    KeyState.ACTIVE: {KeyState.ACTIVE, KeyState.RETIRING},
    KeyState.RETIRING: {KeyState.RETIRING, KeyState.ACTIVE, KeyState.RETIRED},
    KeyState.RETIRED: {KeyState.RETIRED, KeyState.RETIRING, KeyState.DESTROYED},
    KeyState.DESTROYED: {KeyState.DESTROYED},
}


@settings(max_examples=200)
@given(steps=steps)
def test_whatever_is_asked_one_key_is_active_none_is_lost_and_none_comes_back_from_nothing(
    steps: list[tuple[str, KeyState | None]],
) -> None:
    states: dict[str, KeyState] = {"a1": KeyState.ACTIVE}
    for kid, to in steps:
        try:
            after = stage(states, kid) if to is None else move(states, kid, to)
        except StateRefused:
            continue
        assert list(after.values()).count(KeyState.ACTIVE) == 1
        assert set(after) == set(states) | {kid}
        assert all(after[each] in LATER[states[each]] for each in states)
        assert after.get(kid) == (to or KeyState.STAGED)
        states = after


@pytest.mark.parametrize(("before", "to"), [(before, to) for before in KeyState for to in KeyState])
def test_a_step_is_allowed_or_says_what_comes_first(before: KeyState, to: KeyState) -> None:
    states = {"a1": KeyState.ACTIVE, "a2": before} if before is not KeyState.ACTIVE else {"a2": before}
    if to is not before and to in LATER[before] and (before, to) != (KeyState.ACTIVE, KeyState.RETIRING):
        assert move(states, "a2", to)["a2"] == to
        return
    with pytest.raises(StateRefused, match=rf"'a2' is {before}; only .* key can become {to}"):
        move(states, "a2", to)


def test_the_key_before_goes_on_opening() -> None:
    after = move({"a1": KeyState.ACTIVE, "a2": KeyState.STAGED}, "a2", KeyState.ACTIVE)
    assert after == {"a1": KeyState.RETIRING, "a2": KeyState.ACTIVE}
    assert [state.opens for state in KeyState] == [True, True, True, False, False]


def test_ids_are_never_used_twice_and_unknown_ones_are_said() -> None:
    with pytest.raises(StateRefused, match="'a1' is destroyed already; a new key needs a new id"):
        stage({"a1": KeyState.DESTROYED}, "a1")
    with pytest.raises(StateRefused, match="no key 'a9'; there are: a1, a2"):
        move({"a2": KeyState.ACTIVE, "a1": KeyState.RETIRED}, "a9", KeyState.ACTIVE)


def test_none_or_two_active_keys_are_refused() -> None:
    for states in ({}, {"a1": KeyState.STAGED}, {"a1": KeyState.ACTIVE, "a2": KeyState.ACTIVE}):
        with pytest.raises(StateRefused, match="exactly one key must be active"):
            active_of(states)
