"""tell: what somebody said of a consent → facts that are kept for good, and profiles that go by them at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from identity.features.reach import identifier_value
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.online.blinds import blind_unheld, known_gone
from identity.flows.online.consents import holders, numbers
from identity.flows.online.desk import Desk, claims_on_profiles, claims_on_records
from identity.flows.online.regroup import regroup
from identity.flows.online.restate import restate
from identity.flows.online.settle import attempt, refuse_another_index
from identity.model.cluster import GoldenId
from identity.model.consent import GRANTED, RESTRICTIVENESS, UNKNOWN, Identifier, dated
from identity.model.consent_fact import BlindFact, ConsentFact, FactOrigin
from identity.model.consent_policy import BASES, IDENTIFIER_KINDS, ConsentPolicy
from identity.model.errors import LookupFailed, RowError
from identity.model.record import RecordKey
from identity.ports import Change, OnlineWork
from identity.steps.refuse import storable
from identity.steps.suppress import blinded

__all__ = ["Said", "Teller", "Told", "restate_about", "tell"]


@dataclass(frozen=True, slots=True)
class Said:
    """One act: about whom, what for and by which way, yes or no. Without `captured_at` it was said just now.

    `also` are records that it is about besides those of the golden id.
    """

    about: Question
    purpose: str
    channel: str
    status: str
    captured_at: datetime | None = None
    expires_at: datetime | None = None
    source: str = ""
    jurisdiction: str | None = None
    basis: str | None = None
    notice: str | None = None
    evidence: str | None = None
    also: tuple[RecordKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells, and in what. `operation_id` is what the change shall be known by."""

    actor: str
    operation_id: str
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that is kept now, and what holds since for the people whom it is about."""

    fact: ConsentFact
    statuses: Mapping[GoldenId, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _About:
    """Whom an act is about."""

    records: tuple[RecordKey, ...] = ()
    identifier: Identifier | None = None


def tell(desk: Desk, said: Sequence[Said], teller: Teller) -> list[Told]:
    """Keep acts as facts, all or none, and let profiles go by them; return what became of each, in order.

    Raises RowError E320 to E322 for an act that cannot be; LookupFailed E501 for a golden id never issued.
    """
    for each in said:
        _refuse(each, desk.consent)
    return attempt(desk, partial(_tell, desk, said, teller))


def _refuse(said: Said, policy: ConsentPolicy) -> None:
    known = {
        "purpose": (said.purpose, policy.purposes),
        "channel": (said.channel, tuple(policy.channels)),
        "status": (said.status, RESTRICTIVENESS),
        "basis": (said.basis, (None, *BASES)),
        "jurisdiction": (said.jurisdiction, (None, *policy.jurisdictions)),
    }
    for name, (told, names) in known.items():
        if told not in names:  # which is not repeated: it may be anything
            listed = ", ".join(each for each in names if each)
            raise RowError(
                "E320", f"The {name} of a consent is none of those there are.", f"Use one of: {listed}."
            )
    if not storable(*filter(None, (said.source, said.notice, said.evidence))):
        raise RowError(
            "E321", "A consent holds text that cannot be stored.", "Remove NUL and half characters."
        )
    if isinstance(said.about, ByIdentifier) and not _identifier(said.about):
        kinds = " or ".join(IDENTIFIER_KINDS)
        raise RowError(
            "E322", "A consent is for something that is no address or number.", f"Give an {kinds}."
        )


def _identifier(about: ByIdentifier) -> Identifier | None:
    if about.kind not in IDENTIFIER_KINDS or not storable(about.value, about.country):
        return None
    value = identifier_value(about.kind, about.value, about.country)
    return (about.kind, value) if value else None


def _tell(desk: Desk, said: Sequence[Said], teller: Teller, work: OnlineWork) -> list[Told]:
    refuse_another_index(work, desk)
    _claim(work, desk, said)
    whom = [_whom(work, each) for each in said]
    facts = [
        _fact(desk.consent, act, about, f"{teller.operation_id}.{number}", teller, work.at)
        for number, (act, about) in enumerate(zip(said, whom, strict=True), 1)
    ]
    work.put_facts(facts)
    change = Change(
        teller.operation_id, "consent", teller.actor, work.at, "", teller.correlation_id, work.model_version()
    )
    homes = restate_about(work, desk, facts, change)
    statuses = {golden_id: found.consents for golden_id, found in work.flags({*homes.values()}).items()}
    holding = holders(work, desk, facts)
    _blind_again(work, desk, [f.identifier for f in facts if f.identifier and not holding.get(f.fact_id)])
    desk.write_down(_for_the_journal(desk, facts))  # before it holds: whatever holds is written down
    return [Told(fact, _now(fact, homes, statuses, holding.get(fact.fact_id, ()))) for fact in facts]


def _blind_again(work: OnlineWork, desk: Desk, unheld: Collection[Identifier]) -> None:
    """What is said for an address of somebody who was erased is not to be read where nobody else has it."""
    if unheld and work.suppresses():
        blind_unheld(work, desk, known_gone(work, desk, unheld))


def _for_the_journal(desk: Desk, facts: Sequence[ConsentFact]) -> list[BlindFact]:
    numbered = numbers(desk, {fact.identifier for fact in facts if fact.identifier})
    return [
        BlindFact(blinded(fact, desk.cabinet.digest), numbered[fact.identifier] if fact.identifier else None)
        for fact in facts
    ]


def _now(
    fact: ConsentFact,
    homes: Mapping[RecordKey, GoldenId],
    statuses: Mapping[GoldenId, Mapping[str, str]],
    holding: Collection[RecordKey],
) -> dict[GoldenId, str]:
    ids = sorted({homes[key] for key in (*fact.records, *holding) if key in homes})
    return {golden_id: statuses[golden_id].get(fact.consent, UNKNOWN) for golden_id in ids}


def _claim(work: OnlineWork, desk: Desk, said: Sequence[Said]) -> None:
    """Hold everything that somebody else could change whom the acts are about by: identifiers, records, profiles."""
    keys = [key for each in said for key in each.also]
    keys += [each.about.key for each in said if isinstance(each.about, ByRecord)]
    identifiers = [_identifier(each.about) for each in said if isinstance(each.about, ByIdentifier)]
    work.claim([*numbers(desk, filter(None, identifiers)).values(), *claims_on_records(desk, keys)])
    asked = [each.about.golden_id for each in said if isinstance(each.about, ByGoldenId)]
    claimed: set[GoldenId] = set()
    while new := {found for found, _ in work.answering(asked).values()} - claimed:
        if not work.claim(claims_on_profiles(desk, new)):
            return
        claimed |= new


def _whom(work: OnlineWork, said: Said) -> _About:
    match said.about:
        case ByRecord(key):
            return _About((key,))
        case ByIdentifier():
            return _About(identifier=_identifier(said.about))
        case ByGoldenId(golden_id):
            answering = work.answering([golden_id]) if storable(golden_id) else {}
            if golden_id not in answering:
                raise LookupFailed("E501", "No profile was ever issued by this golden id.")
            survivor, _ = answering[golden_id]
            members = work.members_of([survivor]).get(survivor, ())
            return _About(tuple(sorted({*members, *said.also})))


def _fact(
    policy: ConsentPolicy, said: Said, about: _About, fact_id: str, teller: Teller, at: datetime
) -> ConsentFact:
    captured = dated(said.status, said.captured_at or at, at)
    return ConsentFact(
        fact_id,
        FactOrigin.TOLD,
        said.purpose,
        said.channel,
        said.status,
        captured,
        at,
        said.source or teller.actor,
        teller.actor,
        teller.operation_id,
        about.records,
        about.identifier,
        _until(policy, said, captured or at),
        said.jurisdiction,
        said.basis,
        said.notice,
        said.evidence,
    )


def _until(policy: ConsentPolicy, said: Said, captured: datetime) -> datetime | None:
    """Return when a yes runs out: as it was told, or as the law of the place says of its basis, whichever is first."""
    if said.status != GRANTED:
        return None
    place = policy.jurisdictions.get(said.jurisdiction or "")
    days = place.lasts.get(said.basis or "") if place else None
    ends = [said.expires_at, captured + timedelta(days=days) if days else None]
    return min((end for end in ends if end), default=None)


def restate_about(
    work: OnlineWork, desk: Desk, facts: Sequence[ConsentFact], change: Change
) -> Mapping[RecordKey, GoldenId]:
    """Let the profiles of everybody whom facts are about go by them; return where everybody concerned is."""
    keys = {key for fact in facts for key in fact.records}
    keys |= {key for some in holders(work, desk, facts).values() for key in some}
    around = list(work.memberships(keys))
    if not around:
        work.put_change(change)
        return {}
    regrouped = regroup(work, desk, desk.scorer(work), around)
    return restate(work, desk, regrouped, around, change).golden_ids
