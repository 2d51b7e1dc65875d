from __future__ import annotations

import pytest

from ductape.types.messages import ToolDefinition
from workers.models.errors import ModelError
from workers.models.tool_calls import FORMATS, format_of
from workers.models.tool_calls.grammar import grammar_of
from workers.models.tool_calls.tools import ToolPlan, plan_tools

SAY: ToolDefinition = {"type": "function", "function": {"name": "say"}}
HEAR: ToolDefinition = {"type": "function", "function": {"name": "hear"}}
JSON = {"type": "json_object"}


def no_token(text: str) -> int | None:
    return None


def test_tools_and_json_may_come_in_turn_where_a_grammar_can_tell_them() -> None:
    grammar = grammar_of(plan_tools([SAY], None, None), FORMATS["hermes"], dict(JSON), no_token) or ""
    assert grammar.startswith("start: calls | answer")
    with pytest.raises(ModelError, match="leave one of them out"):
        grammar_of(plan_tools([SAY], None, None), FORMATS["pythonic"], dict(JSON), no_token)


def test_a_tag_that_is_a_token_is_written_as_that_token() -> None:
    plan = plan_tools([SAY], "required", False)
    tokens = {"<tool_call>": 7, "</tool_call>": 8}
    assert 'calls: <[7]> "\\n" call  "\\n" <[8]>' in (grammar_of(plan, FORMATS["hermes"], None, tokens.get) or "")
    assert 'calls: "<tool_call>" "\\n" call' in (grammar_of(plan, FORMATS["hermes"], None, no_token) or "")


def test_a_named_tool_is_the_only_one_that_may_be_called() -> None:
    grammar = grammar_of(plan_tools([SAY, HEAR], "hear", None), FORMATS["mistral"], None, no_token) or ""
    assert '"hear"' in grammar
    assert '"say"' not in grammar


def test_without_tools_or_json_anything_goes() -> None:
    assert grammar_of(ToolPlan(), None, {"type": "text"}, no_token) is None
    assert grammar_of(plan_tools([SAY], "auto", None), FORMATS["hermes"], None, no_token) is None


@pytest.mark.parametrize(
    ("template", "tool_parser", "format"),
    [
        ("{% for tool in tools %}<tool_call>", None, "hermes"),
        ("<tool_call>\n<function=example>", None, "qwen"),
        ("[TOOL_CALLS]", None, "mistral"),
        ('"parameters": dictionary of argument name', None, "llama3_json"),
        ("[func_name1(params_name1=params_value1)]", None, "pythonic"),
        ("<tool_call>", "pythonic", "pythonic"),
        ("nothing of the kind", None, None),
    ],
)
def test_the_chat_template_tells_the_format(template: str, tool_parser: str | None, format: str | None) -> None:
    assert format_of(template, tool_parser) is (FORMATS[format] if format else None)
