from __future__ import annotations

from collections.abc import Callable, Sequence

from workers.models.markers import unfinished

Decode = Callable[[list[int]], str]

_HALF = "\ufffd"
_LONGEST_CHARACTER = 8
"""Tokens after which a character that is still incomplete is taken for broken; UTF-8 needs 4 at most."""


class Detokenizer:
    """Tokens to text, never half a character."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._tokens: list[int] = []
        # Tokens before `_said` have left as text; decoding starts a little earlier, at `_start`, because what a token
        # means (a leading space, say) depends on the ones before it.
        self._start = 0
        self._said = 0

    def push(self, token: int) -> str:
        """The text that became certain with this token."""
        self._tokens.append(token)
        text = self._new_text()
        if text.endswith(_HALF) and len(self._tokens) - self._said < _LONGEST_CHARACTER:
            return ""
        if text:
            self._start, self._said = self._said, len(self._tokens)
        return text

    def finish(self) -> str:
        """What was held back, complete or not."""
        return self._new_text()

    def _new_text(self) -> str:
        before = self._decode(self._tokens[self._start : self._said])
        return self._decode(self._tokens[self._start :])[len(before) :]


class StopFilter:
    """Lets text through up to the first stop sequence, which is not part of the answer."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        if self.stopped or not self._stops:
            return "" if self.stopped else text
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        self.stopped = bool(found)
        return self._release(min(found) if found else len(self._held) - unfinished(self._held, self._stops))

    def finish(self) -> str:
        return "" if self.stopped else self._release(len(self._held))

    def _release(self, length: int) -> str:
        text, self._held = self._held[:length], self._held[length:]
        return text
