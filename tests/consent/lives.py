"""A random life of a few records: told anew, forgotten, deleted, merged, parted; yeses and noes by every way there is.

Clocks are ahead and behind, moments tie, what is old arrives late. What holds is asked of `steps/agree.py`; that it may
hold is judged by the log of what was said, which knows nothing of how that is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from identity.features.reach import contacts
from identity.model.consent import GRANTED, REFUSALS, Effective, Identifier, dated
from identity.model.consent_fact import ConsentFact, FactOrigin
from identity.model.consent_policy import ConsentPolicy
from identity.model.record import RecordKey, SourceRecord
from identity.steps.agree import Book, agree
from identity.steps.keep import keep, kept

__all__ = ["Life", "Spoken", "live_through"]

POLICY = ConsentPolicy(
    ("marketing",), {"email": "email", "web": ""}, skew=timedelta(seconds=5), jurisdictions={}
)
CONSENTS = ("marketing.email", "marketing.web")
STATUSES = (GRANTED, GRANTED, GRANTED, *REFUSALS, "unknown")
EPOCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
STEP = timedelta(minutes=1)
MAILS = ("anna@shop.example", "ben@mail.example", "")


@dataclass(frozen=True)
class Spoken:
    """An act in the log: through which records, or for which address; by which word of a source."""

    consent: str
    status: str
    at: datetime | None
    records: frozenset[RecordKey] = frozenset()
    mail: str = ""
    stated: bool = False
    until: datetime | None = None
    observed: datetime | None = None
    captured: bool = True


@dataclass
class Life:
    chance: Random
    now: datetime = EPOCH
    records: dict[RecordKey, SourceRecord] = field(default_factory=dict)
    homes: dict[RecordKey, int] = field(default_factory=dict)
    facts: list[ConsentFact] = field(default_factory=list)
    log: list[Spoken] = field(default_factory=list)
    merges: list[tuple[dict[RecordKey, int], dict[int, dict[str, str]], int]] = field(default_factory=list)
    acts: int = 0
    deleted: dict[RecordKey, str] = field(default_factory=dict)

    def book(self) -> Book:
        return Book.of(POLICY, self.now, self.facts, self.records.keys())

    def members(self, home: int) -> list[SourceRecord]:
        return [
            self.records[key] for key, where in self.homes.items() if where == home and key in self.records
        ]

    def holds(self) -> dict[int, dict[str, str]]:
        """What holds for each person now."""
        book = self.book()
        return {home: _statuses(agree(self.members(home), book)) for home in sorted(set(self.homes.values()))}

    def moment(self) -> datetime:
        """When something is said to have been said: mostly a while ago, on few different moments; or in the future."""
        ago = self.chance.choice((0, 0, 1, 1, 2, 3, 5, 8, -1, -60 * 24 * 400))
        return self.now - ago * STEP + timedelta(seconds=self.chance.choice((0, 0, 0, 3, 5, 6)))


def _statuses(found: Mapping[str, Effective]) -> dict[str, str]:
    return {consent: each.held.status for consent, each in found.items()}


def live_through(chance: Random, steps: int = 9) -> Iterator[Life]:
    """Yield a life after everything that could change what holds."""
    life = Life(chance)
    for number in range(chance.choice((2, 3, 4))):
        key = RecordKey("pos", str(number))
        life.homes[key] = number
        _tell(life, key)
    yield life
    for _ in range(steps):
        life.now += chance.choice((0, 1, 1, 2)) * STEP
        chance.choice(_STEPS)(life)
        yield life


def _key(life: Life) -> RecordKey:
    return life.chance.choice(sorted(life.homes))


def _tell(life: Life, key: RecordKey | None = None) -> None:
    """A source tells a record, perhaps an older word of it than the one that is known."""
    key, known = key or _key(life), life.records.get(key) if key else None
    known = life.records.get(key)
    mail = known.attributes.get("email", "") if known else life.chance.choice(MAILS)
    if life.chance.random() < 0.1:
        mail = life.chance.choice(MAILS)
    observed = life.now - life.chance.choice((0, 0, 1, 4)) * STEP
    silent = life.chance.random() < 0.4
    said = {} if silent else {life.chance.choice(CONSENTS): life.chance.choice(STATUSES)}
    captured = {
        consent: moment
        for consent, status in said.items()
        if life.chance.random() < 0.5 and (moment := dated(status, life.moment(), life.now))
    }
    told = SourceRecord(key, {"email": mail} if mail else {}, observed, said, captured)
    life.acts += 1
    if known and known.observed_at and observed < known.observed_at:
        life.facts += keep(told, known, POLICY, life.now)
        _log_statements(life, told, late=True)
        return
    if known:
        life.facts += keep(known, told, POLICY, life.now)
    life.records[key] = told
    life.deleted.pop(key, None)
    _log_statements(life, told)


def _log_statements(life: Life, told: SourceRecord, *, late: bool = False) -> None:
    for consent, status in told.consents.items():
        if late and status not in REFUSALS:
            continue
        captured = told.captured.get(consent)
        at = captured if status == GRANTED else captured or told.observed_at
        at = min(at, life.now) if at else None
        mail = contacts(told).get("email", "")
        life.log.append(
            Spoken(
                consent,
                status,
                at,
                frozenset({told.key}),
                mail,
                True,
                None,
                told.observed_at,
                captured is not None,
            )
        )


def _delete(life: Life) -> None:
    key = _key(life)
    record = life.records.pop(key, None)
    if record and len(life.records) > 0:
        life.facts += keep(record, None, POLICY, life.now)
        life.deleted[key] = contacts(record).get("email", "")
        life.acts += 1
    elif record:
        life.records[key] = record


def _fact(life: Life) -> None:
    """Somebody tells a fact: about an address, a record, or everybody in a profile."""
    status, consent = life.chance.choice(STATUSES), life.chance.choice(CONSENTS)
    captured = dated(status, life.moment(), life.now)
    until = (
        life.now + life.chance.choice((1, 3, 30)) * STEP
        if status == GRANTED and life.chance.random() < 0.3
        else None
    )
    way, key = life.chance.randrange(3), _key(life)
    records: tuple[RecordKey, ...] = ()
    mail = ""
    if way == 0:
        mail = life.chance.choice(MAILS[:2])
    elif way == 1:
        records = (key,)
    else:
        records = tuple(record.key for record in life.members(life.homes[key]))
    if not (mail or records):
        return
    purpose, channel = consent.split(".")
    life.facts.append(
        ConsentFact(
            f"f{len(life.facts)}", FactOrigin.TOLD, purpose, channel, status, captured, life.now, "tests", "tests", "c",
            records, ("email", mail) if mail else None, until,
        )
    )  # fmt: skip
    life.acts += 1
    if status != "unknown":
        life.log.append(Spoken(consent, status, captured, frozenset(records), mail, until=until))


def _merge(life: Life) -> None:
    homes = sorted({life.homes[key] for key in life.records})
    if len(homes) < 2:
        return
    one, other = life.chance.sample(homes, 2)
    before = {home: statuses for home, statuses in life.holds().items() if home in (one, other)}
    life.merges.append((dict(life.homes), before, life.acts))
    life.homes = {key: one if home == other else home for key, home in life.homes.items()}


def _undo(life: Life) -> None:
    """The last merge is taken back: what was refused since is refused for both."""
    if not life.merges:
        return
    homes, before, acts = life.merges.pop()
    (merged,) = {life.homes[key] for key, home in homes.items() if home in before}
    now = life.holds()[merged]
    sides = [[key for key, home in homes.items() if home == side and key in life.records] for side in before]
    life.homes = homes
    if not all(sides):
        return
    for consent, status in now.items():
        strictest = max((_RANKS[told.get(consent, "unknown")] for told in before.values()), default=0)
        if status in REFUSALS and _RANKS[status] > strictest:
            for side in sides:
                life.facts.append(kept(min(side), consent, status, life.now, life.now, f"undo {acts}"))
                life.log.append(Spoken(consent, status, life.now, frozenset({min(side)}), stated=True))


_RANKS = {"unknown": 0, "granted": 1, "denied": 2, "withdrawn": 3, "objected": 4}
_STEPS = (_tell, _tell, _fact, _fact, _fact, _merge, _merge, _undo, _delete)


def granted_wrongly(life: Life) -> list[str]:
    """Return who may be reached although they never said yes; or said no, and never yes again, later, for the same
    identifier."""
    granted = [
        (home, consent)
        for home, statuses in life.holds().items()
        for consent, status in statuses.items()
        if status == GRANTED
    ]
    unasked = [
        f"{consent} of {home}: nobody said yes"
        for home, consent in granted
        if not any(yes.consent == consent and _counts(life, yes, home) for yes in life.log)
    ]
    return unasked + [
        f"{consent} of {home}: {no}"
        for home, consent in granted
        for no in _noes(life, consent)
        for identifier in _meant(life, no, home)
        if not any(_ends(life, yes, no, identifier, home) for yes in life.log)
    ]


def _counts(life: Life, yes: Spoken, home: int) -> bool:
    """Say whether a yes counts for a person: it has not run out, its record still says so, and it was not said by
    several who are different people now."""
    if yes.status != GRANTED or (yes.until and yes.until <= life.now) or not _meant(life, yes, home):
        return False
    members = {record.key: record for record in life.members(home)}
    if yes.stated:
        return any(members[key].consents.get(yes.consent) == GRANTED for key in yes.records if key in members)
    return all(key in members for key in yes.records if key in life.records)


def _noes(life: Life, consent: str) -> Iterable[Spoken]:
    """Return what was refused; a source may say later since when, of what it only was seen to say."""
    for number, no in enumerate(life.log):
        again = (
            each.stated and (each.records, each.consent, each.status) == (no.records, no.consent, no.status)
            for each in life.log[number + 1 :]
        )
        told_better = no.stated and not no.captured and any(again)
        if no.consent == consent and no.status in REFUSALS and not told_better:
            yield no


def _through(record: SourceRecord, consent: str) -> Identifier:
    mail = contacts(record).get("email")
    return ("email", mail) if mail and consent == "marketing.email" else ("record", str(record.key))


def _meant(life: Life, spoken: Spoken, home: int) -> list[Identifier]:
    """Return what an act is for, as far as this person has it."""
    members = life.members(home)
    if spoken.records:
        found = [_through(record, spoken.consent) for record in members if record.key in spoken.records]
        return found + [identifier for identifier in _outlived(life, spoken) if _has(members, identifier)]
    return [("email", spoken.mail)] if _has(members, ("email", spoken.mail)) else []


def _has(members: Iterable[SourceRecord], identifier: Identifier) -> bool:
    return any(contacts(record).get("email") == identifier[1] for record in members)


def _outlived(life: Life, spoken: Spoken) -> list[Identifier]:
    """Return the addresses for which records spoke that are gone now."""
    gone = [life.deleted[key] for key in spoken.records if key in life.deleted and key not in life.records]
    for_address = spoken.stated and spoken.mail and spoken.consent == "marketing.email"
    return [("email", mail) for mail in gone if for_address and mail == spoken.mail]


def _ends(life: Life, yes: Spoken, no: Spoken, identifier: Identifier, home: int) -> bool:
    if yes.consent != no.consent or not _counts(life, yes, home):
        return False
    if no.stated and yes.stated and yes.records == no.records:
        # A source may take its own word back, later than it gave it.
        said = yes.at or yes.observed
        given = no.at
        return (
            given is None
            or (said is not None and said > given)
            or (yes.at is None and bool(yes.observed and no.observed and yes.observed >= no.observed))
        )
    if yes.at is None or no.at is None or not yes.at > no.at:
        return False
    return identifier in _meant(life, yes, home)


def shuffled(life: Life) -> dict[int, dict[str, str]]:
    """Return what holds when records and facts are told in another order."""
    other = replace(life, facts=life.chance.sample(life.facts, len(life.facts)))
    other.homes = dict(life.chance.sample(sorted(life.homes.items()), len(life.homes)))
    return other.holds()
