from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.models.batching.text import Detokenizer, StopFilter


def bytes_to_text(tokens: list[int]) -> str:
    """Every byte is a token: the hardest case for characters of several bytes."""
    return bytes(tokens).decode(errors="replace")


def without_leading_space(tokens: list[int]) -> str:
    """Like SentencePiece, which drops the space of the first word it is given."""
    return "".join(f" {token}" for token in tokens).removeprefix(" ")


@given(st.text())
def test_the_pieces_are_the_text_and_no_piece_has_half_a_character(text: str) -> None:
    detokenizer = Detokenizer(bytes_to_text)
    pieces = [detokenizer.push(token) for token in text.encode()]
    assert "".join(pieces) + detokenizer.finish() == text
    assert all("\ufffd" not in piece for piece in pieces if "\ufffd" not in text)


def test_text_comes_with_its_last_byte() -> None:
    detokenizer = Detokenizer(bytes_to_text)
    assert [detokenizer.push(token) for token in "é!".encode()] == ["", "é", "!"]


@given(st.lists(st.integers(0, 9)))
def test_a_token_is_read_after_the_one_before_it(tokens: list[int]) -> None:
    detokenizer = Detokenizer(without_leading_space)
    assert "".join(map(detokenizer.push, tokens)) == without_leading_space(tokens)


def test_broken_bytes_do_not_hold_the_text_back_for_ever() -> None:
    detokenizer = Detokenizer(bytes_to_text)
    assert "\ufffd" in "".join(detokenizer.push(0xFF) for _ in range(20))


def test_an_incomplete_character_at_the_end_is_shown_as_such() -> None:
    detokenizer = Detokenizer(bytes_to_text)
    assert detokenizer.push("é".encode()[0]) == ""
    assert detokenizer.finish() == "\ufffd"


def filtered(pieces: list[str], stops: list[str]) -> tuple[str, bool]:
    stop_filter = StopFilter(stops)
    return "".join(map(stop_filter.push, pieces)) + stop_filter.finish(), stop_filter.stopped


def expected(text: str, stops: list[str]) -> tuple[str, bool]:
    found = [text.find(stop) for stop in stops if stop in text]
    return (text[: min(found)], True) if found else (text, False)


@given(st.text("ab"), st.lists(st.text("ab", min_size=1, max_size=4), max_size=1))
def test_the_answer_ends_before_the_stop_sequence_however_the_text_is_cut(text: str, stops: list[str]) -> None:
    assert filtered(list(text), stops) == expected(text, stops)
    assert filtered([text], stops) == expected(text, stops)


def test_what_may_become_a_stop_sequence_is_held_back() -> None:
    stop_filter = StopFilter(["END"])
    assert [stop_filter.push(piece) for piece in ("fine E", "N", "OUGH")] == ["fine ", "", "ENOUGH"]


def test_the_first_of_several_stop_sequences_counts() -> None:
    assert filtered(["one two three"], ["three", "two"]) == ("one ", True)


def test_nothing_comes_after_a_stop_sequence() -> None:
    stop_filter = StopFilter(["."])
    assert stop_filter.push("one. two.") == "one"
    assert stop_filter.push("three") == ""
    assert stop_filter.finish() == ""
