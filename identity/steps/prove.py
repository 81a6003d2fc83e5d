"""prove: an audit trail, its head and its anchors → where it is not as it was written, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from identity.model.audit import AuditHead, Flaw, FlawKind, SealedEntry
from identity.steps.seal import seal, sealed_head

__all__ = ["prove"]

_MOST = 100
"""How many entries that are wrong are told one by one: a trail under another key is wrong throughout."""


@dataclass(slots=True)
class _Walk:
    """What is known after some entries: the last of them, and those that do not fit behind the one before."""

    key: bytes
    last: AuditHead = field(default_factory=lambda: AuditHead(0, "", ""))
    fitting: str = ""
    misfits: list[tuple[str, SealedEntry]] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def step(self, entry: SealedEntry) -> None:
        expected, before = self.last.seq + 1, self.last.hash
        due = seal(self.key, before, entry)
        if entry.seq > expected:
            gone = f"{expected} to {entry.seq - 1} are" if entry.seq > expected + 1 else f"{expected} is"
            self.flaws.append(Flaw(expected, FlawKind.DELETED, f"{gone} missing"))
        elif entry.hash not in (due, seal(self.key, self.fitting, entry)) and len(self.misfits) < _MOST:
            self.misfits.append((before, entry))
        self.last, self.fitting = AuditHead(entry.seq, entry.hash, ""), due


def prove(
    key: bytes, entries: Iterable[SealedEntry], head: AuditHead | None, anchors: Sequence[AuditHead]
) -> list[Flaw]:
    """Return what is wrong with a trail, in order; nothing when it is whole. `entries` come by rising `seq`.

    Anchors are heads of earlier moments that were kept elsewhere; only they tell that a trail was cut off and its head
    replaced by the one of then.
    """
    walk = _Walk(key)
    forged = [_forged(each) for each in anchors if each != sealed_head(key, each.seq, each.hash)]
    known = {each.seq: each.hash for each in anchors if each == sealed_head(key, each.seq, each.hash)}
    for entry in entries:
        if entry.hash != known.pop(entry.seq, entry.hash):
            walk.flaws.append(Flaw(entry.seq, FlawKind.EDITED, "an anchor tells another hash"))
        walk.step(entry)
    ended = [*_ended(key, walk.last, head), *_cut_off(walk.last.seq, known)]
    return sorted({*forged, *walk.flaws, *_told(key, walk.misfits), *ended})


def _forged(anchor: AuditHead) -> Flaw:
    return Flaw(anchor.seq, FlawKind.ANCHOR, "a line in the file of anchors is not sealed with this key")


def _ended(key: bytes, last: AuditHead, head: AuditHead | None) -> Iterator[Flaw]:
    if head is None or head.seq == 0:
        if last.seq:
            yield Flaw(last.seq, FlawKind.HEAD, "there are entries, and no head")
    elif head != sealed_head(key, head.seq, head.hash):
        yield Flaw(head.seq, FlawKind.HEAD, "the head is not sealed with this key")
    elif head.seq > last.seq:
        yield Flaw(last.seq + 1, FlawKind.TRUNCATED, f"the trail went on to {head.seq}")
    elif (head.seq, head.hash) != (last.seq, last.hash):
        yield Flaw(head.seq, FlawKind.HEAD, f"the head is of another moment; the trail ends with {last.seq}")


def _cut_off(last: int, anchored: Iterable[int]) -> Iterator[Flaw]:
    beyond = max((seq for seq in anchored if seq > last), default=0)
    if beyond:
        yield Flaw(last + 1, FlawKind.TRUNCATED, f"an anchor tells that the trail went on to {beyond}")


def _told(key: bytes, misfits: Sequence[tuple[str, SealedEntry]]) -> list[Flaw]:
    """Say of entries that do not fit how they came not to. One that is as it was written, only behind another entry
    than it was written behind, is at fault itself only where no other is."""
    hashes = {*(before for before, _ in misfits), *(entry.hash for _, entry in misfits)}
    places = [entry.seq for _, entry in misfits]
    found, following = [], []
    for _, entry in misfits:
        if _fits(key, hashes, entry, entry.seq):
            following.append(Flaw(entry.seq, FlawKind.REORDERED, "it was written behind another entry"))
            continue
        moved = next((seq for seq in places if seq != entry.seq and _fits(key, hashes, entry, seq)), None)
        found.append(
            Flaw(entry.seq, FlawKind.EDITED, "it is not what was written")
            if moved is None
            else Flaw(entry.seq, FlawKind.REORDERED, f"it was written as {moved}")
        )
    return found or following


def _fits(key: bytes, hashes: Iterable[str], entry: SealedEntry, seq: int) -> bool:
    placed = replace(entry, seq=seq)
    return any(seal(key, before, placed) == entry.hash for before in hashes)
