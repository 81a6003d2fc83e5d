"""blinds: what was said for an address or a number outlives its person, and cannot be read while nobody has it.

A no for an address has to hold for whoever gives that address next, so the fact stays when who had it is erased; for a
blind in the place of the address (see `steps/suppress.py`). When somebody gives the address, the fact is for it again.
A fact that a journal has put back is so for a record, too, until that record comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import starmap

import pyarrow as pa

from identity.features.digests import Digest
from identity.features.reach import contacts
from identity.flows.online.consents import numbers
from identity.flows.online.desk import Desk
from identity.model.consent import Identifier
from identity.model.consent_policy import IDENTIFIER_KINDS
from identity.model.record import RecordKey, SourceRecord
from identity.ports import OnlineWork, UnitOfWork
from identity.steps.suppress import blind, blind_key, key_mark, lone_marks

__all__ = ["blind_unheld", "known_gone", "marked", "reached_by", "recall", "recall_loaded"]


def reached_by(records: Iterable[SourceRecord]) -> set[Identifier]:
    return {identifier for record in records for identifier in contacts(record).items()}


def blind_unheld(work: OnlineWork, desk: Desk, identifiers: Collection[Identifier]) -> None:
    """Have nobody read which of these identifiers facts are for, where nobody who is known has them."""
    numbered = numbers(desk, identifiers)
    work.claim(numbered.values())
    held = work.holders(numbered.values()).keys() | work.restricted_values(numbered.values())
    gone = [identifier for identifier, number in numbered.items() if number not in held]
    work.respell_facts({identifier: blind(identifier, desk.cabinet.digest) for identifier in gone})


def known_gone(work: OnlineWork, desk: Desk, identifiers: Collection[Identifier]) -> list[Identifier]:
    """Return those of these identifiers that are known to be of somebody who was erased."""
    digest = desk.cabinet.digest
    marks = {mark: each for each in identifiers for mark in lone_marks(each, digest)}
    marked = {marks[mark] for mark in work.suppressed(marks)}
    blinds = _by_blind(identifiers, digest)
    told = {(kind, blinds[kind, gone]) for kind, gone in _for(work, blinds)}
    return sorted(marked | told)


def _for(work: OnlineWork, identifiers: Collection[Identifier]) -> set[Identifier]:
    return {fact.identifier for fact in work.facts([], identifiers) if fact.identifier}


def recall(work: OnlineWork, desk: Desk, records: Iterable[SourceRecord]) -> None:
    """Have facts be for what these records are reached by again. Their identifiers are claimed.

    Also where nobody is kept away any more: who was erased and released brings back what they said.
    """
    if work.facts_known:
        told, digest = list(records), desk.cabinet.digest
        keys = {blind_key(key_mark(record.key, digest)): record.key for record in told}
        work.respell_facts(_by_blind(reached_by(told), digest), keys)


def recall_loaded(work: UnitOfWork, digest: Digest, arrivals: pa.Table) -> None:
    """Have facts be for what these arrivals (RECORDS) are reached by again."""
    if gone := work.blind_keys():
        work.respell_facts(
            {}, {blind: key for blind, key in _keys_by_blind(digest, arrivals) if blind in gone}
        )
    if not (known := work.blinds()):
        return
    columns = [name for name in (*IDENTIFIER_KINDS, "country") if name in arrivals.column_names]
    told = arrivals.select(columns).group_by(columns).aggregate([]).to_pylist()
    nobody = RecordKey("", "")
    given = (SourceRecord(nobody, {name: text for name, text in each.items() if text}) for each in told)
    by_blind = _by_blind(reached_by(given), digest)
    work.respell_facts({gone: value for gone, value in by_blind.items() if gone in known})


def _keys_by_blind(digest: Digest, arrivals: pa.Table) -> Iterator[tuple[RecordKey, RecordKey]]:
    names = (arrivals[name].to_pylist() for name in ("source", "source_record_id"))
    for key in starmap(RecordKey, zip(*names, strict=True)):
        yield blind_key(key_mark(key, digest)), key


def _by_blind(identifiers: Iterable[Identifier], digest: Digest) -> Mapping[Identifier, str]:
    return {(kind, blind((kind, value), digest)): value for kind, value in identifiers}


def marked(desk: Desk, marks: Collection[int]) -> dict[int, RecordKey]:
    """Return the keys of the records that are stored, by their marks: those of `marks`."""
    if not marks:
        return {}
    with desk.transactions.look() as look:
        every = look.every_key()
    found = ((key_mark(key, desk.cabinet.digest), key) for key in every)
    return {mark: key for mark, key in found if mark in marks}
