from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.models.base import TextDelta
from workers.models.thinking import KNOWN_TAGS, Start, ThinkingSplitter, start_of, tags_of

TAGS = KNOWN_TAGS[0]


def split(pieces: list[str], start: Start = "answer") -> tuple[str, str]:
    splitter = ThinkingSplitter(TAGS, start)
    said = [delta for piece in pieces for delta in splitter.push(piece)] + splitter.finish()
    answer = "".join(delta.text for delta in said if isinstance(delta, TextDelta))
    return "".join(delta.text for delta in said if not isinstance(delta, TextDelta)), answer


@pytest.mark.parametrize(
    ("text", "start", "thinking", "answer"),
    [
        pytest.param("Hello.\n", "answer", "", "Hello.\n", id="none"),
        pytest.param(" \n", "answer", "", " \n", id="white space alone"),
        pytest.param("<think>\n3 + 4\n</think>\n\n7", "answer", "3 + 4", "7", id="opened"),
        pytest.param("\n<think>a</think>b", "answer", "a", "b", id="after white space"),
        pytest.param("3 + 4\n</think>\n\n7", "thinking", "3 + 4", "7", id="opened by the prompt"),
        pytest.param("<think>3 + 4</think>7", "thinking", "3 + 4", "7", id="opened by the prompt and again"),
        pytest.param("3 + 4</think>7", "undecided", "3 + 4", "7", id="closed only"),
        pytest.param("<think>3 + 4</think>7", "undecided", "3 + 4", "7", id="undecided, opened"),
        pytest.param(" 7 is it", "undecided", "", " 7 is it", id="undecided, never closed"),
        pytest.param("<think>3 + 4 ", "answer", "3 + 4", "", id="unclosed"),
        pytest.param("<think>a</think>x <think>\nb</think> y", "answer", "a\nb", "x  y", id="several"),
        pytest.param("<think>\n\n</think>\n\nHi", "answer", "", "Hi", id="empty"),
        pytest.param("a </think> b", "answer", "", "a  b", id="closes nothing"),
        pytest.param("1 <thin 2", "answer", "", "1 <thin 2", id="nearly a tag"),
        pytest.param("<think>1 </thin", "answer", "1 </thin", "", id="nearly closed"),
    ],
)
def test_thinking_and_answer_come_apart(text: str, start: Start, thinking: str, answer: str) -> None:
    assert split([text], start) == (thinking, answer)
    assert split(list(text), start) == (thinking, answer)


WORDS = st.sampled_from(["<think>", "</think>", "<thi", "nk>", "</", " ", "\n", "word", "x"])


@given(st.lists(st.lists(WORDS).map("".join)), st.sampled_from(["answer", "thinking", "undecided"]))
@settings(max_examples=60)
def test_however_a_text_is_cut_the_parts_are_the_same(pieces: list[str], start: Start) -> None:
    assert split(pieces, start) == split(["".join(pieces)], start) == split(list("".join(pieces)), start)


def test_thinking_is_said_while_it_comes() -> None:
    splitter = ThinkingSplitter(TAGS)
    said = [[delta.text for delta in splitter.push(piece)] for piece in ("<think>one", " two", " </th", "ree")]
    assert said == [["one"], [" two"], [], [" </three"]]


def test_what_closes_a_block_is_the_tag_less_what_was_said_of_it() -> None:
    splitter = ThinkingSplitter(TAGS, "thinking")
    splitter.push("one </th")
    assert splitter.rest_of_close == "ink>"


@pytest.mark.parametrize(
    ("template", "prompt", "start"),
    [
        ("... <think>\n", "user: hi\nassistant: <think>\n", "thinking"),
        ("... <think>\n\n</think>", "user: hi\nassistant: <think>\n\n</think>\n\n", "answer"),
        ("... split('</think>')", "user: hi\nassistant:", "undecided"),
        ("no tags", "user: hi\nassistant:", "answer"),
    ],
)
def test_the_prompt_and_the_template_say_where_the_answer_begins(template: str, prompt: str, start: Start) -> None:
    assert start_of(TAGS, template, prompt) == start


def test_the_tags_are_those_of_the_template_or_the_vocabulary() -> None:
    assert tags_of("split('</think>')", set()) == TAGS
    assert tags_of("", {"<think>", "</think>", "<tool_call>"}) == TAGS
    assert tags_of("", {"[THINK]", "[/THINK]"}) == KNOWN_TAGS[1]
    assert tags_of("no tags", {"<|im_end|>"}) is None
