from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from ductape.types.messages import ToolDefinition
from workers.models.base import ChatCall
from workers.models.batching.text import StopFilter
from workers.models.errors import ModelError
from workers.models.local_answer import LocalAnswer
from workers.models.thinking import ThinkingSplitter, ThinkingTags, start_of, tags_of
from workers.models.tool_calls import FORMATS, format_of
from workers.models.tool_calls.format import ToolFormat
from workers.models.tool_calls.parser import ToolCallParser
from workers.models.tool_calls.tools import ToolPlan, plan_tools

_ANY_FORMAT = FORMATS["llama3_json"]
"""Plain JSON, in which a grammar makes any model call tools."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools of one call, and how the model writes that it calls them."""

    plan: ToolPlan
    format: ToolFormat | None


class ChatFormat:
    """How one model is spoken to, and how what it says is read.

    Args:
        name: of the model, for messages to people.
        tokenizer: with its chat template.
        tool_parser: the format of its tool calls; found by the template if not given.
    """

    def __init__(self, name: str, tokenizer: PreTrainedTokenizerBase, tool_parser: str | None = None) -> None:
        self._name = name
        self._tokenizer = tokenizer
        self._template = _text_of(tokenizer.chat_template)
        self.tags: ThinkingTags | None = tags_of(self._template, set(tokenizer.get_added_vocab()))
        self._format = format_of(self._template, tool_parser)
        # Tags that are special tokens are text all the same; the others of these are for the machine alone.
        self._hidden = {
            token
            for token, added in tokenizer.added_tokens_decoder.items()
            if added.special and added.content not in self._markup()
        }

    def tools(self, call: ChatCall) -> Tools:
        """
        Raises:
            ModelError: `invalid_tools`, or `unsupported_tools`: the model does not know what to do with tools.
        """
        plan = plan_tools(call.tools, call.tool_choice, call.parallel_tool_calls)
        if not plan.tools:
            return Tools(plan, None)
        if not re.search(r"\btools\b", self._template):
            message = f"the chat template of {self._name} takes no tools; use a model that was trained to call them"
            raise ModelError(message, "unsupported_tools")
        if plan.forced and (self._format is None or self._format.frame is None):
            return Tools(plan, _ANY_FORMAT)
        if self._format is None:
            known = ", ".join(FORMATS)
            message = (
                f"how {self._name} writes tool calls is not known; set tool_parser in its local settings ({known})"
            )
            raise ModelError(message, "unsupported_tools")
        return Tools(plan, self._format)

    def render(self, messages: list[dict[str, Any]], tools: Sequence[ToolDefinition]) -> str:
        """
        Raises:
            ModelError: `no_chat_template` or `invalid_messages`.
        """
        if not self._template:
            message = f"{self._name} has no chat template, so it takes no messages; use an instruct or chat model"
            raise ModelError(message, code="no_chat_template")
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    messages, tools=list(tools) or None, tokenize=False, add_generation_prompt=True
                )
            )
        except (TemplateError, KeyError, TypeError, ValueError) as error:
            message = f"the chat template of {self._name} does not take these messages; check roles and their order"
            raise ModelError(message, code="invalid_messages") from error

    def answer(self, prompt: str, tools: Tools, stops: Sequence[str]) -> LocalAnswer:
        """Reads the answer to a rendered prompt."""
        splitter = ThinkingSplitter(self.tags, start_of(self.tags, self._template, prompt)) if self.tags else None
        parser = ToolCallParser(tools.format, tools.plan.tools) if tools.format else None
        return LocalAnswer(StopFilter(stops), splitter, parser)

    def decode(self, tokens: list[int]) -> str:
        shown = [token for token in tokens if token not in self._hidden]
        return str(self._tokenizer.decode(shown, clean_up_tokenization_spaces=False))

    def token(self, text: str) -> int | None:
        """The token that is just this text, if there is one."""
        token: int | None = self._tokenizer.get_added_vocab().get(text)
        return token

    def _markup(self) -> set[str]:
        thinking = [self.tags.open, self.tags.close] if self.tags else []
        calls = [self._format.open, self._format.close, *self._format.inner] if self._format else []
        return {tag for tag in (*thinking, *calls) if tag}


def _text_of(template: str | dict[str, str] | None) -> str:
    return "\n".join(template.values()) if isinstance(template, dict) else template or ""
