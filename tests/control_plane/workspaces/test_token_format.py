from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from control_plane.workspaces import token_format


def test_a_token_is_recognisable_long_and_new_each_time() -> None:
    tokens = {token_format.new_token() for _ in range(200)}

    assert len(tokens) == 200
    assert all(token_format.well_formed(token) for token in tokens)
    assert {(token[:4], len(token)) for token in tokens} == {("dts_", 41)}


@given(position=st.integers(4, 40), character=st.sampled_from("0123456789abcXYZ_-"))
def test_one_wrong_character_fails_the_checksum(position: int, character: str) -> None:
    token = token_format.new_token()
    changed = token[:position] + character + token[position + 1 :]
    assert token_format.well_formed(changed) == (changed == token)


@given(st.text(max_size=60))
def test_anything_else_is_refused_without_raising(text: str) -> None:
    assert not token_format.well_formed(text)
    assert not token_format.well_formed(f"dts_{text}")


def test_the_digest_needs_the_pepper() -> None:
    token = token_format.new_token()
    assert token_format.digest(token, b"one") != token_format.digest(token, b"two")
    assert token not in token_format.digest(token, b"one")
