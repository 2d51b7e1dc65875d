from __future__ import annotations

import secrets
import string
from collections.abc import Iterator, Sequence

from ductape.types.messages import ToolDefinition
from workers.models.base import TextDelta, ToolCallDelta
from workers.models.markers import unfinished
from workers.models.tool_calls.format import Call, ToolFormat

_ID_CHARACTERS = string.ascii_letters + string.digits
_ID_LENGTH = 9
"""What Mistral's chat templates demand, and all others take."""


class ToolCallParser:
    """Finds the tool calls in a text that arrives in pieces; however it is cut, they are the same.

    A call is said once it is whole. What stands in its place and is none comes back as text, as the model wrote it.
    """

    def __init__(self, format: ToolFormat, tools: Sequence[ToolDefinition]) -> None:
        self._format = format
        self._tools = tools
        self._markers = [format.open] if format.open else []
        self._held = ""
        self._in_block = self._said = self._after_call = False
        self._searched = 0
        self.calls = 0

    def push(self, text: str) -> list[TextDelta | ToolCallDelta]:
        self._held += text
        return list(self._read(ended=False))

    def finish(self) -> list[TextDelta | ToolCallDelta]:
        """What was held back."""
        return list(self._read(ended=True))

    def _read(self, ended: bool) -> Iterator[TextDelta | ToolCallDelta]:
        yield from self._before_block()
        while self._in_block:
            end = self._end_of_block(ended)
            if end is None:
                return
            block, self._held = self._held[:end], self._held[end:]
            self._in_block, self._searched = False, 0
            yield from self._block(block)
            yield from self._before_block()
        yield from self._text(self._held if ended else self._certain())

    def _before_block(self) -> Iterator[TextDelta]:
        """Says what stands before the next block, if one begins in what is held."""
        at = None if self._in_block else self._next_block()
        if at is not None:
            yield from self._text(self._held[:at].rstrip())
            self._in_block = True

    def _next_block(self) -> int | None:
        lead = self._format.lead
        if lead and not self._said and not self.calls and self._held.lstrip().startswith(lead):
            return 0
        at = self._held.find(self._format.open) if self._format.open else -1
        return at if at >= 0 else None

    def _certain(self) -> str:
        # White space before a block is not part of the answer.
        return self._held[: len(self._held) - unfinished(self._held, self._markers)].rstrip()

    def _text(self, text: str) -> Iterator[TextDelta]:
        self._held = self._held[len(text) :]
        if self._after_call:
            text = text.lstrip()
        if text:
            self._said, self._after_call = self._said or bool(text.strip()), False
            yield TextDelta(text)

    def _end_of_block(self, ended: bool) -> int | None:
        close = self._format.close
        while close and (at := self._held.find(close, self._searched)) >= 0:
            self._searched = at + len(close)
            if not self._format.ends_in_string(_body(self._held[:at], self._format)):
                return self._searched
        if not ended:
            return None
        first = self._held.find(close) if close else -1
        if close is None or first < 0 or self._calls_in(self._held):
            return len(self._held)
        # A quote was never closed: with the first tag for the end, the blocks that follow are still seen.
        return first + len(close)

    def _block(self, block: str) -> Iterator[TextDelta | ToolCallDelta]:
        for item in self._calls_in(block) or [block]:
            if isinstance(item, Call):
                yield ToolCallDelta(self.calls, new_id(), item.name, item.arguments)
                self.calls += 1
            else:
                self._said = True
                yield TextDelta(item)
            self._after_call = isinstance(item, Call)

    def _calls_in(self, block: str) -> list[Call | str]:
        """None at all: it is no block of calls."""
        try:
            return self._format.parse(_body(block, self._format), self._tools)
        except (ValueError, RecursionError):
            return []


def _body(block: str, format: ToolFormat) -> str:
    return block.strip().removeprefix(format.open or "").removesuffix(format.close or "")


def new_id() -> str:
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
