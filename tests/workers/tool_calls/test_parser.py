from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ductape.types.messages import ToolDefinition
from workers.models.base import TextDelta
from workers.models.tool_calls import FORMATS
from workers.models.tool_calls.parser import ToolCallParser

TOOLS: list[ToolDefinition] = [
    {"type": "function", "function": {"name": "say", "parameters": {"properties": {"text": {"type": "string"}}}}}
]
ENDS = "a </tool_call> [TOOL_CALLS] ; ] \" ' </parameter>"
Found = tuple[str, list[tuple[str, Any]]]


def found(format: str, *pieces: str) -> Found:
    """The text, and the calls with their arguments read."""
    parser = ToolCallParser(FORMATS[format], TOOLS)
    said = [delta for piece in pieces for delta in parser.push(piece)] + parser.finish()
    calls = [delta for delta in said if not isinstance(delta, TextDelta)]
    assert [delta.index for delta in calls] == list(range(len(calls)))
    assert len({delta.id for delta in calls}) == len(calls)
    text = "".join(delta.text for delta in said if isinstance(delta, TextDelta))
    return text, [(delta.name, json.loads(delta.arguments)) for delta in calls]


def hermes(name: str, arguments: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


SPOKEN = json.dumps({"text": ENDS})
GOOD = hermes("say", '{"text": "hi"}')
SAY = ("say", {"text": "hi"})
EXACT = [("say", {"text": ENDS})]

CASES = [
    pytest.param("hermes", f"Let me see.\n{GOOD}\n", ("Let me see.", [SAY]), id="hermes"),
    pytest.param("hermes", f"{GOOD}\n{GOOD}\nDone.", ("Done.", [SAY, SAY]), id="hermes, several"),
    pytest.param("hermes", hermes("say", SPOKEN), ("", EXACT), id="hermes, end tag in a string"),
    pytest.param("hermes", GOOD.removesuffix("</tool_call>"), ("", [SAY]), id="hermes, not closed"),
    pytest.param(
        "hermes", hermes("say", SPOKEN).removesuffix("\n</tool_call>"), ("", EXACT), id="hermes, closed in a string"
    ),
    pytest.param(
        "hermes", f"<tool_call>{{oops</tool_call>{GOOD}", ("<tool_call>{oops</tool_call>", [SAY]), id="hermes, one bad"
    ),
    pytest.param(
        "hermes",
        f'<tool_call>{{"name: 1}}</tool_call>{GOOD}',
        ('<tool_call>{"name: 1}</tool_call>', [SAY]),
        id="hermes, a quote not closed",
    ),
    pytest.param("hermes", hermes("say", "[1, 2]"), ("", [("say", [1, 2])]), id="hermes, a list"),
    pytest.param(
        "hermes", hermes("say", json.dumps('{"a": 1}')), ("", [("say", {"a": 1})]), id="hermes, a string of JSON"
    ),
    pytest.param("hermes", hermes("", "{}"), (hermes("", "{}"), []), id="hermes, no name"),
    pytest.param("hermes", hermes("say", "NaN"), (hermes("say", "NaN"), []), id="hermes, NaN is no JSON"),
    pytest.param(
        "hermes", '<tool_call>[{"name": "a"}, 7]</tool_call>', ("7", [("a", {})]), id="hermes, a list with one bad"
    ),
    pytest.param("hermes", "1 <tool_ 2 < 3 ", ("1 <tool_ 2 < 3 ", []), id="hermes, nearly a tag"),
    pytest.param("hermes", "<tool_call>" + "[" * 100_000, ("<tool_call>" + "[" * 100_000, []), id="hermes, deep"),
    pytest.param("llama3_json", f'{{"name": "say", "parameters": {SPOKEN}}}', ("", EXACT), id="llama"),
    pytest.param(
        "llama3_json",
        '<|python_tag|>{"name": "a", "parameters": {}}; {"name": "b"}',
        ("", [("a", {}), ("b", {})]),
        id="llama, several",
    ),
    pytest.param("llama3_json", '{"city": "Paris"}', ('{"city": "Paris"}', []), id="llama, an answer in JSON"),
    pytest.param("llama3_json", '{"name": "a"} {"b', ('{"b', [("a", {})]), id="llama, one bad"),
    pytest.param("mistral", f'[TOOL_CALLS][{{"name": "say", "arguments": {SPOKEN}}}]', ("", EXACT), id="mistral"),
    pytest.param(
        "mistral", 'Hm.[TOOL_CALLS] [{"name": "a"}, {"x": 1}]', ('Hm.{"x": 1}', [("a", {})]), id="mistral, one bad"
    ),
    pytest.param(
        "mistral",
        f"[TOOL_CALLS]say[ARGS]{SPOKEN}[TOOL_CALLS]b[ARGS]{{}}",
        ("", [*EXACT, ("b", {})]),
        id="mistral, newer",
    ),
    pytest.param("mistral", "[TOOL_CALLS]say[ARGS]{oops", ("say[ARGS]{oops", []), id="mistral, newer, bad"),
    pytest.param(
        "qwen",
        f"<tool_call>\n<function=say>\n<parameter=text>\n{ENDS.replace('</parameter>', '')}\n</parameter>\n"
        "<parameter=times>\n3\n</parameter>\n</function>\n</tool_call>",
        ("", [("say", {"text": ENDS.replace("</parameter>", ""), "times": 3})]),
        id="qwen",
    ),
    pytest.param("qwen", "<tool_call><function=a></function></tool_call>", ("", [("a", {})]), id="qwen, no arguments"),
    pytest.param(
        "qwen",
        "<tool_call>\n<function=a>\n</tool_call>",
        ("<tool_call>\n<function=a>\n</tool_call>", []),
        id="qwen, bad",
    ),
    pytest.param("pythonic", f"[say(text={ENDS!r}), b()]", ("", [*EXACT, ("b", {})]), id="pythonic"),
    pytest.param(
        "pythonic",
        "[a.b(x=[1, {'y': true}], z=None), c(1)]",
        ("c(1)", [("a.b", {"x": [1, {"y": True}], "z": None})]),
        id="pythonic, one bad",
    ),
    pytest.param("pythonic", "[1] says so", ("[1] says so", []), id="pythonic, a bracket"),
    pytest.param("pythonic", "[a(x=__import__('os'))]", ("a(x=__import__('os'))", []), id="pythonic runs nothing"),
]


@pytest.mark.parametrize(("format", "text", "expected"), CASES)
def test_calls_and_text_come_apart(format: str, text: str, expected: Found) -> None:
    assert found(format, text) == expected


@pytest.mark.parametrize(("format", "text", "expected"), [case for case in CASES if len(str(case.values[1])) < 1000])
def test_calls_are_found_letter_by_letter(format: str, text: str, expected: Found) -> None:
    assert found(format, *text) == expected


WORDS = [
    "<tool_call>",
    "</tool_call>",
    '{"name": "a"}',
    '{"name": "',
    '"',
    "<tool",
    "{",
    " ",
    "\n",
    "x",
    "[TOOL_CALLS]",
    "[ARGS]",
]


@given(st.sampled_from(sorted(FORMATS)), st.lists(st.lists(st.sampled_from(WORDS)).map("".join)))
@settings(max_examples=80)
def test_however_a_text_is_cut_the_calls_are_the_same(format: str, pieces: list[str]) -> None:
    assert found(format, *pieces) == found(format, "".join(pieces)) == found(format, *"".join(pieces))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5), st.integers(1, 9))
@settings(max_examples=50)
def test_any_arguments_arrive_as_they_were_written(value: Any, size: int) -> None:
    text = "Well. " + hermes("say", json.dumps({"value": value}, ensure_ascii=False))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert found("hermes", *pieces) == ("Well.", [("say", {"value": value})])


def test_text_before_a_call_is_said_at_once() -> None:
    parser = ToolCallParser(FORMATS["hermes"], TOOLS)
    assert parser.push("Let me see. <tool") == [TextDelta("Let me see.")]
    assert parser.push("s") == [TextDelta(" <tools")]
