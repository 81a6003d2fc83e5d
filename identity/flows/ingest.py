"""ingest: a few records, resolved as they are written, with the answer that a rebuild from everything would give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from identity.flows.cutover.covered import as_live
from identity.flows.online.consents import dated_now, decide_the_others_again
from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.refile import Restated
from identity.flows.online.regroup import Regrouped
from identity.flows.online.settle import AT_ONCE, Settled, attempt, refuse_another_index, settle
from identity.flows.privacy.keep_away import of_somebody_erased, of_the_erased
from identity.flows.redo import drain, restated_now
from identity.model.cluster import GoldenId
from identity.model.consent_fact import ConsentFact
from identity.model.errors import RowError
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link
from identity.model.record import RESTRICTED, RecordKey
from identity.ports import Arrival, OnlineWork, StoredRecord
from identity.steps.keep import keep
from identity.steps.refuse import refuse

__all__ = ["Ingested", "Outcome", "ingest", "took_effect"]

_INLINE = 200
"""So many queued items are decided again at once, at most; the rest waits for whoever drains the queue."""


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    SHADOW = "shadow"
    DELETED = "deleted"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one record: its golden id now (None: it is nobody's), and the best link it has, if any. A refused
    one has a `problem`, and nothing of it was stored."""

    key: RecordKey
    outcome: Outcome
    golden_id: GoldenId | None
    judgement: Judgement = Judgement.NO_MATCH
    match_weight: MatchWeight | None = None
    change_id: str | None = None
    problem: RowError | None = None


def ingest(
    desk: Desk, arrivals: Sequence[Arrival], correlation_id: str | None = None, inline: int = _INLINE
) -> list[Ingested]:
    """Store and resolve records, in their order; return what became of each.

    A record that cannot be taken is refused by number, and the others go on. Each unit of work takes up to AT_ONCE of
    them, and no record twice. A unit that others got in the way of is tried again. What they queue to be decided again
    is done at once, up to `inline` items. Raises StoreError E412 where the index is not built for these rules.
    """
    problems = [refuse(arrival.record, desk.rules.custom) for arrival in arrivals]
    taken = [arrival for arrival, problem in zip(arrivals, problems, strict=True) if problem is None]
    done: list[Ingested] = []
    queued = 0
    for batch in _batches(taken):
        told, waiting = attempt(desk, partial(_ingest, desk, batch, correlation_id))
        done += told
        queued += waiting
    if queued:
        drain(desk, inline)
    in_order = iter(done)
    return [
        Ingested(arrival.record.key, Outcome.REFUSED, None, problem=problem) if problem else next(in_order)
        for arrival, problem in zip(arrivals, problems, strict=True)
    ]


def _batches(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    batch: dict[RecordKey, Arrival] = {}
    for arrival in arrivals:
        if arrival.record.key in batch or len(batch) == AT_ONCE:
            yield list(batch.values())
            batch = {}
        batch[arrival.record.key] = arrival
    if batch:
        yield list(batch.values())


def _ingest(
    desk: Desk, arrivals: Sequence[Arrival], correlation_id: str | None, work: OnlineWork
) -> tuple[list[Ingested], int]:
    refuse_another_index(work, desk)
    work.claim(claims_on_records(desk, (arrival.record.key for arrival in arrivals)))
    before = work.stored([arrival.record.key for arrival in arrivals])
    live = as_live(work, desk, arrivals, before)
    arrivals = [_restricted(arrival, before.get(arrival.record.key)) for arrival in live]
    erased = of_the_erased(work, desk, [a for a in arrivals if not a.deleted and a.record.key not in before])
    outcomes = {
        arrival.record.key: Outcome.REFUSED
        if arrival.record.key in erased
        else took_effect(arrival, before.get(arrival.record.key))
        for arrival in arrivals
    }
    kept = [dated_now(a, work.at) for a in arrivals if outcomes[a.record.key] in _STORED]
    facts = _refusals(desk, arrivals, before, outcomes, work.at)
    work.put_facts(facts)
    numbers = work.put(kept)
    restated = [
        Restated(
            arrival.record.key,
            numbers[arrival.record.key],
            before.get(arrival.record.key),
            None if arrival.deleted else arrival.record,
        )
        for arrival in kept
        if outcomes[arrival.record.key] is not Outcome.SHADOW
    ]
    late = [key for fact in facts for key in fact.records if outcomes[key] is Outcome.SUPERSEDED]
    restated += restated_now(work, set(late))
    decide_the_others_again(work, desk, late)
    settled = settle(work, desk, restated, "ingest", correlation_id)
    return _told(work, arrivals, outcomes, settled), settled.queued if settled else 0


def _restricted(arrival: Arrival, stored: StoredRecord | None) -> Arrival:
    """Return what is told of somebody who is not to be used: kept, and nothing follows from it."""
    return replace(arrival, mode=RESTRICTED) if stored and stored.mode == RESTRICTED else arrival


_STORED = (Outcome.ACCEPTED, Outcome.DELETED, Outcome.SHADOW)


def _refusals(
    desk: Desk,
    arrivals: Sequence[Arrival],
    before: dict[RecordKey, StoredRecord],
    outcomes: dict[RecordKey, Outcome],
    at: datetime,
) -> list[ConsentFact]:
    """Return the refusals that records stated until now, or stated before what is known of them."""
    facts: list[ConsentFact] = []
    for arrival in arrivals:
        known, told = before.get(arrival.record.key), None if arrival.deleted else arrival.record
        match outcomes[arrival.record.key]:
            case Outcome.ACCEPTED | Outcome.DELETED if known and known.live:
                facts += keep(known.record, told, desk.consent, at)
            case Outcome.SUPERSEDED if known and told and arrival.mode == "live":
                facts += keep(told, known.record if known.live else None, desk.consent, at)
    return facts


def took_effect(arrival: Arrival, stored: StoredRecord | None) -> Outcome:
    """Return what an arrival means, given what is stored: what is older than that has no effect, nor has a repeat."""
    observed, known = arrival.record.observed_at, stored.record.observed_at if stored else None
    if arrival.deleted:
        if not stored or stored.deleted_at is not None:
            return Outcome.UNKNOWN
        return Outcome.SUPERSEDED if observed and known and observed < known else Outcome.DELETED
    if arrival.mode != "live" and stored and stored.live:
        return Outcome.SUPERSEDED
    if (
        stored
        and stored.deleted_at is None
        and (stored.content_hash, stored.mode)
        == (
            arrival.content_hash,
            arrival.mode,
        )
    ):
        return Outcome.UNCHANGED
    if stored and observed and max(filter(None, (known, stored.deleted_at)), default=observed) > observed:
        return Outcome.SUPERSEDED
    if stored and stored.deleted_at is None and observed == known and _loses_tie(arrival, stored):
        return Outcome.SUPERSEDED
    return Outcome.ACCEPTED if arrival.mode == "live" else Outcome.SHADOW


def _loses_tie(arrival: Arrival, stored: StoredRecord) -> bool:
    return arrival.ordered and arrival.content_hash < stored.content_hash


def _told(
    work: OnlineWork,
    arrivals: Sequence[Arrival],
    outcomes: dict[RecordKey, Outcome],
    settled: Settled | None,
) -> list[Ingested]:
    homes = dict(settled.restatement.golden_ids) if settled else {}
    untouched = [key for key, outcome in outcomes.items() if outcome not in _STORED]
    homes |= work.memberships(untouched) if untouched else {}
    best = _best_links(settled.regrouped) if settled else {}
    return [
        Ingested(
            key,
            outcomes[key],
            homes.get(key),
            _judgement(best.get(key), homes),
            best[key].match_weight if key in best else None,
            settled.change_id if settled and outcomes[key] in _STORED else None,
            of_somebody_erased() if outcomes[key] is Outcome.REFUSED else None,
        )
        for key in (arrival.record.key for arrival in arrivals)
    ]


def _best_links(regrouped: Regrouped) -> dict[RecordKey, Link]:
    best: dict[RecordKey, Link] = {}
    for found in regrouped.links.values():
        for key in (found.link.left, found.link.right):
            if key not in best or (found.link.match_weight or 0.0) > (best[key].match_weight or 0.0):
                best[key] = found.link
    return best


def _judgement(link: Link | None, homes: dict[RecordKey, GoldenId]) -> Judgement:
    """A link into the same profile is a match; one to somebody else is worth a look."""
    if link is None:
        return Judgement.NO_MATCH
    together = homes.get(link.left) is not None and homes.get(link.left) == homes.get(link.right)
    return Judgement.MATCH if together else Judgement.POSSIBLE_MATCH
