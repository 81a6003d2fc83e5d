"""ask: whether people may be reached; and what one of them agreed to, since when, and why that is so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from identity.features.places import country_code
from identity.flows.consent.restricted import restricted
from identity.flows.consent.tell import Told
from identity.flows.lookup import Answer, Question, lookup
from identity.flows.online.consents import book_about, holders
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.consent import NEVER, UNKNOWN, Effective
from identity.model.consent_fact import ConsentFact
from identity.model.errors import LookupFailed, RowError
from identity.model.record import SourceRecord
from identity.ports import Flags, Look
from identity.steps.agree import agree
from identity.steps.allow import Permission, allow
from identity.steps.refuse import storable

__all__ = ["Agreement", "Asker", "Checked", "agreement", "as_it_holds", "by_now", "check"]

_LAPSED_AT_ONCE = 1_000
_NOBODY = {"unknown": "unknown_person", "shared": "shared"}
_GONE = {"empty": "no_records", "erased": "erased"}


@dataclass(frozen=True, slots=True)
class Asker:
    """What somebody wants to reach people for, by which way, and whose law holds: by default that of where each of
    them lives."""

    purpose: str
    channel: str
    jurisdiction: str | None = None

    @property
    def consent(self) -> str:
        return f"{self.purpose}.{self.channel}"


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether somebody may be reached. Of several who are known by one value the strictest answer holds."""

    golden_ids: tuple[GoldenId, ...]
    permission: Permission
    status: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a person agreed to, and everything that was said: facts, and what their records state."""

    golden_id: GoldenId
    redirected_from: GoldenId | None
    version: int
    effective: Mapping[str, Effective]
    facts: tuple[ConsentFact, ...]
    records: tuple[SourceRecord, ...]


def check(look: Look, desk: Desk, questions: Sequence[Question], asker: Asker) -> list[Checked]:
    """Return an answer to each question. RowError E320 for a purpose, channel or jurisdiction that there is not."""
    policy = desk.consent
    named = asker.jurisdiction is None or asker.jurisdiction in policy.jurisdictions
    if asker.purpose not in policy.purposes or asker.channel not in policy.channels or not named:
        raise RowError(
            "E320",
            "The purpose, channel or jurisdiction is none of those there are.",
            "They stand in customer.consent.yml.",
        )
    answers = lookup(look, desk, questions)
    ids = {golden_id for answer in answers for golden_id in answer.golden_ids}
    flags, now = look.flags(ids, places=asker.jurisdiction is None), desk.clock.now()
    fresh = _lapsed(look, desk, flags, now)
    known = {
        golden_id: _permission(desk, found, fresh.get(golden_id), asker) for golden_id, found in flags.items()
    }
    kept_back = restricted(look, desk, questions, answers, desk.consent.channels[asker.channel])
    return [
        Checked(answer.golden_ids, Permission(False, "restricted")) if no else _checked(answer, known)
        for answer, no in zip(answers, kept_back, strict=True)
    ]


def _permission(
    desk: Desk, flags: Flags, fresh: Mapping[str, Effective] | None, asker: Asker
) -> tuple[Permission, str]:
    if flags.status in _GONE:
        return Permission(False, _GONE[flags.status]), UNKNOWN
    status, reason = flags.consents.get(asker.consent, UNKNOWN), "never_asked"
    if fresh is not None and asker.consent in fresh:
        status, reason = fresh[asker.consent].held.status, fresh[asker.consent].held.reason
    policy = desk.consent
    place = asker.jurisdiction or policy.jurisdiction_of(country_code(flags.country, ""), flags.region)
    return allow(status, reason, policy.regime(place, asker.purpose)), status


def _checked(answer: Answer, known: Mapping[GoldenId, tuple[Permission, str]]) -> Checked:
    found = [known[golden_id] for golden_id in answer.golden_ids if golden_id in known]
    if not found:
        return Checked((), Permission(False, _NOBODY.get(answer.status, "unknown_person")))
    permission, status = min(found, key=lambda each: each[0].allowed)
    return Checked(answer.golden_ids, permission, status)


def _lapsed(
    look: Look, desk: Desk, golden_ids: Collection[GoldenId], now: datetime
) -> dict[GoldenId, Mapping[str, Effective]]:
    """Return what holds of those whose profiles do not know yet that a yes of theirs has run out."""
    facts = look.lapsed(look.lapses_seen() or NEVER, now, _LAPSED_AT_ONCE)
    if not facts:
        return {}
    asked: Collection[GoldenId] = golden_ids
    if len(facts) < _LAPSED_AT_ONCE:
        keys = {key for fact in facts for key in fact.records}
        keys |= {key for some in holders(look, desk, facts).values() for key in some}
        asked = set(golden_ids) & set(look.memberships(keys).values())
    return _effective(look, desk, asked, now)


def _effective(
    look: Look, desk: Desk, golden_ids: Collection[GoldenId], now: datetime
) -> dict[GoldenId, Mapping[str, Effective]]:
    members = look.members_of(golden_ids)
    stored = look.stored([key for keys in members.values() for key in keys])
    records = {
        golden_id: [stored[key].record for key in keys if key in stored]
        for golden_id, keys in members.items()
    }
    book = book_about(look, desk, [record for some in records.values() for record in some], now)
    return {golden_id: agree(some, book) for golden_id, some in records.items()}


def by_now(look: Look, desk: Desk, golden_id: GoldenId, consents: Mapping[str, str]) -> Mapping[str, str]:
    """Return the consents of a profile as they are by now: what has run out since it was stored is no yes."""
    fresh = _lapsed(look, desk, [golden_id], desk.clock.now())
    found = fresh.get(golden_id)
    return consents if found is None else {name: each.held.status for name, each in found.items()}


def agreement(look: Look, desk: Desk, golden_id: GoldenId) -> Agreement | None:
    """Return what the person agreed to whom an id leads to; None where they were erased. LookupFailed E501 for an id
    that was never issued."""
    answering = look.answering([golden_id]) if storable(golden_id) else {}
    if golden_id not in answering:
        raise LookupFailed("E501", "No profile has this golden id.", "Look it up by something else.")
    survivor, status = answering[golden_id]
    if status == "erased":
        return None
    members = look.members_of([survivor]).get(survivor, ())
    records = [found.record for found in look.stored(members).values()]
    book = book_about(look, desk, records, desk.clock.now())
    return Agreement(
        survivor,
        golden_id if survivor != golden_id else None,
        look.flags([survivor])[survivor].version,
        agree(records, book),
        tuple(sorted(book.facts(), key=lambda fact: (fact.captured_at or fact.received_at, fact.fact_id))),
        tuple(sorted(records, key=lambda record: record.key)),
    )


def as_it_holds(look: Look, desk: Desk, fact: ConsentFact) -> Told:
    """Return a fact, and what is stored now of the people whom it is about."""
    keys = {*fact.records, *holders(look, desk, [fact]).get(fact.fact_id, ())}
    flags = look.flags(set(look.memberships(keys).values()))
    return Told(
        fact, {golden_id: found.consents.get(fact.consent, UNKNOWN) for golden_id, found in flags.items()}
    )
