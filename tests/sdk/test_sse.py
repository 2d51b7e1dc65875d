from __future__ import annotations

from collections import deque
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ductape.sse import EventDecoder, EventTooLarge

STREAM = (
    ": heartbeat\n\n"
    'id: 1\nevent: message_delta\ndata: {"text": "Grüße 🌍"}\n\n'
    "data: one\r\ndata:two\r\n\r\n"
    "retry: 5\nevent: nothing\n\n"
    "data: [DONE]\n\n"
    "data: never finished"
).encode()
EVENTS = [("message_delta", '{"text": "Grüße 🌍"}'.encode()), ("message", b"one\ntwo"), ("message", b"[DONE]")]


def decode(*chunks: bytes) -> list[tuple[str, bytes]]:
    decoder = EventDecoder()
    return [(event.name, event.data) for chunk in chunks for event in decoder.feed(chunk)]


@given(st.lists(st.integers(0, len(STREAM))))
def test_however_the_stream_is_cut_the_events_are_the_same(cuts: list[int]) -> None:
    edges = pairwise([0, *sorted(cuts), len(STREAM)])
    assert decode(*(STREAM[start:end] for start, end in edges)) == EVENTS


def test_a_byte_order_mark_does_not_hide_the_first_event() -> None:
    assert decode(b"\xef\xbb\xbfdata: hello\n\n") == [("message", b"hello")]


@pytest.mark.parametrize("piece", [b"data: x", b"data: x\n", b"data:\n", b"x"])
def test_an_endless_event_is_refused(piece: bytes) -> None:
    decoder = EventDecoder(max_bytes=1000)
    with pytest.raises(EventTooLarge):
        deque(chain.from_iterable(decoder.feed(piece) for _ in range(2000)))


def test_endless_heartbeats_cost_nothing() -> None:
    decoder = EventDecoder(max_bytes=1000)
    for _ in range(1000):
        assert list(decoder.feed(b": still here\n\n")) == []
