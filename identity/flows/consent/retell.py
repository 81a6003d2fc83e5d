"""retell: what a journal of consents tells and the database does not know, because it is a backup of before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from identity.features.reach import contacts
from identity.flows.consent.tell import restate_about
from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.settle import attempt, refuse_another_index
from identity.model.consent import Identifier
from identity.model.consent_fact import BlindFact, ConsentFact
from identity.model.record import RecordKey
from identity.ports import Change, OnlineWork
from identity.steps.suppress import blind, blind_key, key_mark, mark_of

__all__ = ["Journal", "retell"]


class Journal(Protocol):
    def since(self, position: str) -> Iterable[tuple[Sequence[BlindFact], str]]:
        """Return what was written after a position, some facts at a time, each time with the position reached."""
        ...


def retell(desk: Desk, journal: Journal) -> int:
    """Put facts back that the journal tells and the database lacks, let profiles go by them, and return how many.

    A fact is for the records and the identifier that it was for, where these are known; otherwise it is blind until
    they come. What was said about nobody but who was erased since is not put back. StoreError E412 where something is
    missing and the index is not built for these rules.
    """
    with desk.transactions.look() as look:
        position = look.journaled()
    return sum(
        attempt(desk, partial(_retell, desk, facts, reached)) for facts, reached in journal.since(position)
    )


def _retell(desk: Desk, told: Sequence[BlindFact], reached: str, work: OnlineWork) -> int:
    known = work.known_facts({each.fact.fact_id for each in told})
    missing = [each for each in told if each.fact.fact_id not in known]
    facts = []
    if missing:
        refuse_another_index(work, desk)
        facts = list(_facts(desk, missing, work))
    if facts:
        work.put_facts(facts)
        change = Change(desk.new_id(), "consent", "journal", work.at, "", None, work.model_version())
        restate_about(work, desk, facts, change)
    work.put_journaled(reached)
    return len(facts)


def _facts(desk: Desk, missing: Sequence[BlindFact], work: OnlineWork) -> Iterator[ConsentFact]:
    """Return facts as they are to be kept: for whom they were, as far as that is known here."""
    work.claim([each.held for each in missing if each.held is not None])
    marks = {mark for each in missing for key in each.fact.records if (mark := mark_of(key)) is not None}
    gone = {blind_key(mark) for mark in work.suppressed(marks)}
    keys = _keys(desk, marks, work)
    work.claim(claims_on_records(desk, keys.values()))
    values = _values(desk, missing, work)
    for fact in (each.fact for each in missing):
        records = tuple(sorted(keys.get(key, key) for key in fact.records if key not in gone))
        if records or fact.identifier:
            yield replace(fact, records=records, identifier=_readable(fact.identifier, values))


def _keys(desk: Desk, marks: Collection[int], work: OnlineWork) -> dict[RecordKey, RecordKey]:
    every = work.every_key() if marks else []
    found = {key: key_mark(key, desk.cabinet.digest) for key in every}
    return {blind_key(mark): key for key, mark in found.items() if mark in marks}


def _values(desk: Desk, missing: Iterable[BlindFact], work: OnlineWork) -> dict[Identifier, str]:
    """Return what blinds stand for, of whatever somebody has who is known."""
    held = work.holders({each.held for each in missing if each.held is not None})
    filed = work.filed({number for numbers in held.values() for number in numbers})
    stored = work.stored([each.key for each in filed.values()])
    reached = {identifier for each in stored.values() for identifier in contacts(each.record).items()}
    return {(kind, blind((kind, value), desk.cabinet.digest)): value for kind, value in reached}


def _readable(identifier: Identifier | None, values: Mapping[Identifier, str]) -> Identifier | None:
    return identifier and (identifier[0], values.get(identifier, identifier[1]))
