from __future__ import annotations

from collections.abc import Iterable

from workers.models.base import TextDelta, ThinkingDelta, ToolCallDelta
from workers.models.batching.text import StopFilter
from workers.models.thinking import ThinkingSplitter
from workers.models.tool_calls.parser import ToolCallParser

Said = list[TextDelta | ThinkingDelta | ToolCallDelta]


class LocalAnswer:
    """What a local model says, made of its text: thinking, then calls of tools, then an answer up to a stop sequence.

    Stop sequences are looked for in the answer alone: one that stands in thinking or in arguments ends nothing.
    """

    def __init__(
        self, stops: StopFilter, thinking: ThinkingSplitter | None = None, tool_calls: ToolCallParser | None = None
    ) -> None:
        self._stops = stops
        self._splitter = thinking
        self._parser = tool_calls

    @property
    def thinking(self) -> bool:
        return self._splitter is not None and self._splitter.thinking

    @property
    def rest_of_close(self) -> str:
        return self._splitter.rest_of_close if self._splitter else ""

    @property
    def stopped(self) -> bool:
        return self._stops.stopped

    @property
    def calls_tools(self) -> bool:
        return self._parser is not None and self._parser.calls > 0

    def push(self, text: str) -> Said:
        return self._passed(self._splitter.push(text)) if self._splitter else self.answer(text)

    def think(self, text: str) -> Said:
        """Takes text of which only the thinking counts, because the answer is yet to begin."""
        said = self._splitter.push(text) if self._splitter else []
        return [delta for delta in said if isinstance(delta, ThinkingDelta)]

    def answer(self, text: str) -> Said:
        """Takes text that is the answer, whatever looks like a tag in it."""
        deltas = self._parser.push(text) if self._parser else [TextDelta(text)]
        return [delta for each in deltas for delta in self._until_stop(each)]

    def finish(self) -> Said:
        """What was held back."""
        said = self._passed(self._splitter.finish()) if self._splitter else []
        for delta in self._parser.finish() if self._parser else []:
            said += self._until_stop(delta)
        return [*said, *_text(self._stops.finish())]

    def _passed(self, deltas: Iterable[TextDelta | ThinkingDelta]) -> Said:
        said: Said = []
        for delta in deltas:
            said += [delta] if isinstance(delta, ThinkingDelta) else self.answer(delta.text)
        return said

    def _until_stop(self, delta: TextDelta | ToolCallDelta) -> Said:
        if isinstance(delta, TextDelta):
            return [*_text(self._stops.push(delta.text))]
        return [] if self._stops.stopped else [*_text(self._stops.finish()), delta]


def _text(text: str) -> list[TextDelta]:
    return [TextDelta(text)] if text else []
