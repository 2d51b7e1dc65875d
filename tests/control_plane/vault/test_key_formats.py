from __future__ import annotations

import json
import string
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_plane.vault.key_formats import Entry, dump, dump_private, openable, parse, parse_private
from control_plane.vault.key_states import KeyState
from ductape.sealing import b64_encode

KEY = bytes(range(32))
TEXT = b64_encode(KEY)
kids = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=32)
entries = st.dictionaries(
    kids,
    st.sampled_from([each for each in KeyState if each is not KeyState.ACTIVE]).flatmap(
        lambda state: st.builds(
            Entry, st.just(state), st.none() if state is KeyState.DESTROYED else st.binary(min_size=32, max_size=32)
        )
    ),
    max_size=5,
)


@settings(max_examples=60)
@given(others=entries, active=kids, key=st.binary(min_size=32, max_size=32))
def test_what_was_written_is_read(others: dict[str, Entry], active: str, key: bytes) -> None:
    ring = {**others, active: Entry(KeyState.ACTIVE, key)}
    assert parse(dump(ring)) == ring
    private = {kid: entry.key for kid, entry in ring.items() if entry.key}
    assert parse_private(dump_private(private)) == private
    assert set(openable(ring)) == {kid for kid, entry in ring.items() if entry.state.opens}


def test_files_without_states_are_read_as_they_are() -> None:
    old = json.dumps({"active": "a2", "keys": {"a1": TEXT, "a2": TEXT}})
    assert parse(old) == {"a1": Entry(KeyState.RETIRING, KEY), "a2": Entry(KeyState.ACTIVE, KEY)}


def ring(**keys: object) -> str:
    return json.dumps({"version": 2, "keys": {"a1": {"state": "active", "key": TEXT}, **keys}})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", 'no JSON object with "keys"'),
        ("[" * 100_000, 'no JSON object with "keys"'),
        (f'["{TEXT}"]', 'no JSON object with "keys"'),
        (f'{{"keys": "{TEXT}"}}', 'no JSON object with "keys"'),
        (json.dumps({"version": 3, "keys": {"a1": TEXT}}), "version is unknown"),
        (json.dumps({"version": TEXT, "keys": {"a1": TEXT}}), "version is unknown"),
        (json.dumps({"keys": {"a1": TEXT}}), "exactly one key must be active, not 0"),
        (json.dumps({"active": TEXT, "keys": {"a1": TEXT}}), "exactly one key must be active, not 0"),
        (json.dumps({"active": "a1", "keys": {"a1": TEXT[:-1]}}), "'a1' is not 32 bytes"),
        (json.dumps({"active": "a1", "keys": {"a1": TEXT + "="}}), "'a1' is not 32 bytes"),
        (json.dumps({"active": "a1", "keys": {"a1": [TEXT]}}), "'a1' is not 32 bytes"),
        (json.dumps({"active": "a1", "keys": {TEXT + "!": TEXT}}), "the id of a key is"),
        (json.dumps({"active": "a1", "keys": {"": TEXT}}), "the id of a key is"),
        (ring(a2={"state": "active", "key": TEXT}), "exactly one key must be active, not 2"),
        (ring(a2={"state": TEXT, "key": TEXT}), "'a2' has no state that is known"),
        (ring(a2=TEXT), "'a2' has no state that is known"),
        (ring(a2={"state": "staged"}), "'a2' is not 32 bytes"),
        (ring(a2={"state": "staged", "key": b64_encode(KEY + b"x")}), "'a2' is not 32 bytes"),
    ],
)
def test_a_malformed_file_is_refused_without_its_content(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        parse(text)
    assert TEXT[:-1] not in "".join(traceback.format_exception_only(refused.value))


def test_a_destroyed_key_is_an_id_and_nothing_else() -> None:
    assert parse(ring(a2={"state": "destroyed", "key": TEXT}))["a2"] == Entry(KeyState.DESTROYED, None)
    assert '"key"' not in dump({"a2": Entry(KeyState.DESTROYED)})


def test_a_key_is_in_no_repr() -> None:
    assert repr(Entry(KeyState.ACTIVE, KEY)) == "Entry(state=<KeyState.ACTIVE: 'active'>)"
