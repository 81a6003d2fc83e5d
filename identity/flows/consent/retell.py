"""retell: what a journal of consents tells and the database does not know, because it is a backup of before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Protocol

from identity.features.reach import contacts
from identity.flows.consent.tell import restate_about
from identity.flows.online.blinds import marked
from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.settle import attempt, refuse_another_index
from identity.model.consent import Identifier
from identity.model.consent_fact import BlindFact, ConsentFact
from identity.model.record import RecordKey
from identity.ports import Change, Look, OnlineWork
from identity.steps.suppress import blind, blind_key, mark_of

__all__ = ["Journal", "retell"]

_AT_ONCE = 500
"""Facts per unit of work: what it locks the server has room for."""


class Journal(Protocol):
    def since(self, position: str) -> Iterable[tuple[Sequence[BlindFact], str]]:
        """Return what was written after a position, some facts at a time, each time with the position reached."""
        ...


def retell(desk: Desk, journal: Journal, erased: Mapping[RecordKey, datetime] = MappingProxyType({})) -> int:
    """Put facts back that the journal tells and the database lacks, let profiles go by them, and return how many.

    A fact is for the records and the identifier that it was for, where these are known; otherwise it is blind until
    they come. What was said about nobody but who was erased since is not put back: `erased` says of records, by their
    blinds, when that was, also of who is not kept away any more. StoreError E412 where something is missing and the
    index is not built for these rules.
    """
    with desk.transactions.look() as look:
        before = look.journaled()
        missing, reached = _missing(look, journal, before)
    missing = [_of_the_living(each, erased) for each in missing]
    keys = _known(desk, missing)
    told_again = sum(attempt(desk, partial(_retell, desk, some, keys)) for some in _some(missing))
    if reached != before:
        attempt(desk, lambda work: work.put_journaled(reached))
    return told_again


def _missing(look: Look, journal: Journal, position: str) -> tuple[list[BlindFact], str]:
    """Return what is not stored of what was written after a position, each once, and the end of the journal."""
    missing: dict[str, BlindFact] = {}
    for told, reached in journal.since(position):
        position, found = reached, {each.fact.fact_id: each for each in told}
        known = look.known_facts(found)
        missing |= {name: each for name, each in found.items() if name not in known}
    return list(missing.values()), position


def _of_the_living(told: BlindFact, erased: Mapping[RecordKey, datetime]) -> BlindFact:
    fact = told.fact
    left = [key for key in fact.records if key not in erased or erased[key] < fact.received_at]
    return replace(told, fact=replace(fact, records=tuple(left)))


def _known(desk: Desk, missing: Sequence[BlindFact]) -> dict[RecordKey, RecordKey]:
    """Return the keys of records that are stored, by the blinds in their place."""
    wanted = {key for each in missing for key in each.fact.records}
    marks = {mark for gone in wanted if (mark := mark_of(gone)) is not None}
    return {blind_key(mark): key for mark, key in marked(desk, marks).items()}


def _some(missing: Sequence[BlindFact]) -> Iterator[Sequence[BlindFact]]:
    return (missing[start : start + _AT_ONCE] for start in range(0, len(missing), _AT_ONCE))


def _retell(
    desk: Desk, missing: Sequence[BlindFact], keys: Mapping[RecordKey, RecordKey], work: OnlineWork
) -> int:
    facts = list(_facts(desk, missing, keys, work))
    if facts:
        refuse_another_index(work, desk)
        work.put_facts(facts)
        change = Change(desk.new_id(), "consent", "journal", work.at, "", None, work.model_version())
        restate_about(work, desk, facts, change)
    return len(facts)


def _facts(
    desk: Desk, missing: Sequence[BlindFact], keys: Mapping[RecordKey, RecordKey], work: OnlineWork
) -> Iterator[ConsentFact]:
    """Return facts as they are to be kept: for whom they were, as far as that is known here."""
    blinds = {key for each in missing for key in each.fact.records}
    work.claim([each.held for each in missing if each.held is not None])
    work.claim(claims_on_records(desk, [keys[gone] for gone in blinds if gone in keys]))
    marks = {mark for gone in blinds if (mark := mark_of(gone)) is not None}
    erased = {blind_key(mark) for mark in work.suppressed(marks)}
    values = _values(desk, missing, work)
    known = work.known_facts({each.fact.fact_id for each in missing})  # by who begins beside us
    for fact in (each.fact for each in missing if each.fact.fact_id not in known):
        records = tuple(sorted(keys.get(key, key) for key in fact.records if key not in erased))
        if records or fact.identifier:
            yield replace(fact, records=records, identifier=_readable(fact.identifier, values))


def _values(desk: Desk, missing: Iterable[BlindFact], work: OnlineWork) -> dict[Identifier, str]:
    """Return what blinds stand for, of whatever somebody has who is known."""
    held = work.holders({each.held for each in missing if each.held is not None})
    filed = work.filed({number for numbers in held.values() for number in numbers})
    stored = work.stored([each.key for each in filed.values()])
    reached = {identifier for each in stored.values() for identifier in contacts(each.record).items()}
    return {(kind, blind((kind, value), desk.cabinet.digest)): value for kind, value in reached}


def _readable(identifier: Identifier | None, values: Mapping[Identifier, str]) -> Identifier | None:
    return identifier and (identifier[0], values.get(identifier, identifier[1]))
