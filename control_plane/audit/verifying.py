"""Walk the chains of the log and look at every link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from control_plane.audit.linking import link, words_of
from control_plane.audit.models import Entry

Lane = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a lane. Kept apart from the database, it shows whether the end was cut off later."""

    workspace_id: UUID
    lane: int
    seq: int
    hash: str
    """In hex."""

    def __str__(self) -> str:
        return f"{self.workspace_id}\t{self.lane}\t{self.seq}\t{self.hash}"

    @classmethod
    def parse(cls, line: str) -> Head:
        """Raises: ValueError: no head as `str` shows it."""
        workspace_id, lane, seq, hash = line.split("\t")
        return cls(UUID(workspace_id), int(lane), int(seq), hash)


@dataclass(slots=True)
class Verdict:
    entries: int = 0
    lanes: int = 0
    faults: list[str] = field(default_factory=list)
    """The first broken link of each lane, and each kept head that is not there."""


def heads() -> list[Head]:
    """Of the lanes of every workspace in sight."""
    last = Entry.objects.order_by("workspace_id", "lane", "-seq").distinct("workspace_id", "lane")
    return [Head(entry.workspace_id, entry.lane, entry.seq, entry.hash.hex()) for entry in last]


def verify(kept: Iterable[Head] = ()) -> Verdict:
    """Check the chains of every workspace in sight.

    Args:
        kept: heads of before, each of which must still be in its place.
    """
    verdict = Verdict()
    expected = {(head.workspace_id, head.lane, head.seq): head.hash for head in kept}
    entries = Entry.objects.order_by("workspace_id", "lane", "seq").iterator(chunk_size=2000)
    for lane, chain in groupby(entries, key=lambda entry: (entry.workspace_id, entry.lane)):
        verdict.lanes += 1
        _verify_lane(lane, chain, expected, verdict)
    missing = [f"{_place(*place)} was in a kept head and is gone" for place in expected]
    verdict.faults.extend(missing)
    return verdict


def _verify_lane(lane: Lane, chain: Iterator[Entry], expected: dict[tuple[UUID, int, int], str], to: Verdict) -> None:
    previous, broken = b"", False
    for seq, entry in enumerate(chain, start=1):
        to.entries += 1
        kept = expected.pop((*lane, entry.seq), None)
        fault = None if broken else _fault(entry, seq, previous, kept)
        if fault:
            to.faults.append(f"{_place(*lane, entry.seq)} ({entry.id}) {fault}")
            broken = True
        previous = bytes(entry.hash)


def _fault(entry: Entry, seq: int, previous: bytes, kept: str | None) -> str | None:
    if entry.seq != seq:
        return f"follows a gap: {seq} is missing"
    if link(previous, words_of(entry)) != bytes(entry.hash):
        return "is not what was written, or the one before it is not"
    if kept is not None and kept != bytes(entry.hash).hex():
        return "is not the entry of the kept head: the chain was written anew"
    return None


def _place(workspace_id: UUID, lane: int, seq: int) -> str:
    return f"workspace {workspace_id} lane {lane} entry {seq}"
