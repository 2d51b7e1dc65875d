"""What a model thinks, apart from what it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from workers.models.base import TextDelta, ThinkingDelta
from workers.models.markers import unfinished

Start = Literal["answer", "thinking", "undecided"]
"""Where the text of a model begins. `thinking`: the prompt has opened the block already. `undecided`: the model may
close a block that nobody opened, so nothing can be said before a tag or the end decides."""


@dataclass(frozen=True, slots=True)
class ThinkingTags:
    open: str
    close: str


KNOWN_TAGS = (
    ThinkingTags("<think>", "</think>"),
    ThinkingTags("[THINK]", "[/THINK]"),
    ThinkingTags("<seed:think>", "</seed:think>"),
)


def tags_of(template: str, added_tokens: set[str]) -> ThinkingTags | None:
    """The tags of a model, by its chat template and vocabulary; none if it does not think."""
    for tags in KNOWN_TAGS:
        if tags.close in template or {tags.open, tags.close} <= added_tokens:
            return tags
    return None


def start_of(tags: ThinkingTags, template: str, prompt: str) -> Start:
    """Where the answer to a prompt begins."""
    if prompt.rstrip().endswith(tags.open):
        return "thinking"
    # Templates that cut old thinking off at its end, and open none, are of models that begin in the middle of it.
    if tags.close in template and tags.open not in template:
        return "undecided"
    return "answer"


class ThinkingSplitter:
    """Splits a text that arrives in pieces; however it is cut, the parts are the same.

    Blocks of thinking are stripped and follow each other on lines of their own. An unclosed block is thinking to the
    end. Tags that open or close nothing are dropped.
    """

    def __init__(self, tags: ThinkingTags, start: Start = "answer") -> None:
        self._tags = tags
        self._markers = (tags.open, tags.close)
        self._pattern = re.compile("|".join(map(re.escape, self._markers)))
        self._part: Start = start
        self._held = ""
        self._tagged = self._thought = self._begun = self._answered = False

    @property
    def thinking(self) -> bool:
        return self._part == "thinking"

    @property
    def rest_of_close(self) -> str:
        """What would close the block now: the tag, less what the model has said of it."""
        return self._tags.close[unfinished(self._held, [self._tags.close]) :]

    def push(self, text: str) -> list[TextDelta | ThinkingDelta]:
        self._held += text
        return list(self._read())

    def finish(self) -> list[TextDelta | ThinkingDelta]:
        """What was held back."""
        rest, self._held = self._held, ""
        if self._part == "thinking":
            return list(self._think(rest.rstrip()))
        return list(self._answer(rest))

    def _read(self) -> Iterator[TextDelta | ThinkingDelta]:
        while found := self._pattern.search(self._held):
            before, self._held = self._held[: found.start()], self._held[found.end() :]
            yield from self._end_part(before, found[0])
        yield from self._release()

    def _end_part(self, text: str, tag: str) -> Iterator[TextDelta | ThinkingDelta]:
        if self._part == "thinking" or (self._part == "undecided" and tag == self._tags.close):
            yield from self._think(text.rstrip())
        elif self._answered or text.strip():
            yield from self._answer(text)
        self._tagged = True
        # A second opening tag goes on with the block, one that closes nothing goes on with the answer.
        self._begun = self._begun and self._part == "thinking" and tag == self._tags.open
        self._part = "thinking" if tag == self._tags.open else "answer"

    def _release(self) -> Iterator[TextDelta | ThinkingDelta]:
        if self._part == "undecided":
            return
        certain = self._held[: len(self._held) - unfinished(self._held, self._markers)]
        if self._part == "thinking" or not self._answered:
            # White space that may turn out to stand at the edge of a block.
            certain = certain.rstrip()
        self._held = self._held[len(certain) :]
        yield from self._think(certain) if self._part == "thinking" else self._answer(certain)

    def _think(self, text: str) -> Iterator[ThinkingDelta]:
        if not self._begun:
            text = text.lstrip()
        if not text:
            return
        between = "\n" if self._thought and not self._begun else ""
        self._thought = self._begun = True
        yield ThinkingDelta(between + text)

    def _answer(self, text: str) -> Iterator[TextDelta]:
        if self._tagged and not self._answered:
            text = text.lstrip()
        if not text:
            return
        self._answered = True
        yield TextDelta(text)
