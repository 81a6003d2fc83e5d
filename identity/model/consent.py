"""What a person allowed: acts, what they come to for one identifier, and how those of several become one.

What holds for one consent (`purpose.channel`) and one identifier is a `Standing`: the latest refusal of each kind and
the latest yes. Standings are joined; joining is commutative, associative and idempotent, so that what holds does not
depend on the order in which acts arrive, nor on how often one does. See docs/consent.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from types import MappingProxyType

__all__ = [
    "ALWAYS",
    "GRANTED",
    "NEVER",
    "NOTHING",
    "REFUSALS",
    "RESTRICTIVENESS",
    "UNKNOWN",
    "Act",
    "Effective",
    "Held",
    "Identifier",
    "Standing",
    "Yes",
    "dated",
    "effective",
    "held",
    "join",
    "most_restrictive",
    "standing",
    "stricter",
]

UNKNOWN = "unknown"
GRANTED = "granted"

# From silence to a legal objection. A "no" outranks a "yes", and an act outranks a default.
RESTRICTIVENESS = (UNKNOWN, GRANTED, "denied", "withdrawn", "objected")
REFUSALS = RESTRICTIVENESS[2:]
"""The statuses that say no."""
NEVER, ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""A yes that nobody knows the time of is earlier than any no; such a no is later than any yes."""

_RANK = {status: rank for rank, status in enumerate(RESTRICTIVENESS)}

Identifier = tuple[str, str]
"""What an act is for: a kind (`email`, `phone`, or `record`) and its value."""


@dataclass(frozen=True, slots=True)
class Act:
    """What was said of one consent through one identifier, when (None: nobody knows), and until when it holds."""

    consent: str
    identifier: Identifier
    status: str
    at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Yes:
    at: datetime
    until: datetime = ALWAYS


@dataclass(frozen=True, slots=True)
class Standing:
    """The latest refusal of each kind, and the latest yes; of two at one moment, the one that ends first."""

    refused: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    yes: Yes | None = None


NOTHING = Standing()
"""Nobody said anything: joined with another standing, it changes nothing."""


@dataclass(frozen=True, slots=True)
class Held:
    """A status at a moment, the reason in a word, and since when (None: nobody knows)."""

    status: str = UNKNOWN
    reason: str = "never_asked"
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for a person, and what for each of their identifiers: the strictest of those is what holds."""

    held: Held
    identifiers: Mapping[Identifier, Held]


def most_restrictive(statuses: Iterable[str]) -> str:
    """Return the status that allows least: objected, withdrawn, denied, granted, unknown.

    Nothing said is unknown, and so is a word that is none of the five: it can never count as a yes.
    """
    return RESTRICTIVENESS[max((_RANK.get(status, 0) for status in statuses), default=0)]


def stricter(status: str, than: str) -> bool:
    """Say whether `status` allows less than another one."""
    return _RANK.get(status, 0) > _RANK.get(than, 0)


def standing(act: Act) -> Standing:
    """Return what holds after this act alone. An unknown status says nothing."""
    if act.status == GRANTED:
        return Standing(yes=Yes(act.at or NEVER, act.expires_at or ALWAYS))
    return Standing({act.status: act.at or ALWAYS}) if act.status in REFUSALS else NOTHING


def dated(status: str, captured: datetime | None, told: datetime) -> datetime | None:
    """Return when an act counts from, given when it was told.

    A clock ahead by a little is set back. Of a no from far in the future the moment it was told is known at least; a
    yes from there proves nothing about when.
    """
    if captured is None or captured <= told:
        return captured
    return None if status == GRANTED and captured - told > _AHEAD else told


_AHEAD = timedelta(minutes=5)


def join(one: Standing, other: Standing) -> Standing:
    """Return what holds after all that both know of."""
    refused = {
        status: max(one.refused.get(status, NEVER), other.refused.get(status, NEVER))
        for status in REFUSALS
        if status in one.refused or status in other.refused
    }
    said = [yes for yes in (one.yes, other.yes) if yes is not None]
    return Standing(refused, min(said, key=_newest) if said else None)


def _newest(yes: Yes) -> tuple[timedelta, datetime]:
    return ALWAYS - yes.at, yes.until


def held(found: Standing, now: datetime, skew: timedelta = timedelta(0)) -> Held:
    """Return what a standing says at a moment.

    A yes ends the refusals before it, if it is later by more than `skew`: clocks differ, and in doubt the answer is no.
    One that has expired, or that nobody knows the time of, ends none.
    """
    yes = found.yes if found.yes and found.yes.until > now else None
    left = {status: at for status, at in found.refused.items() if yes is None or not _after(yes.at, at, skew)}
    if left:
        status = most_restrictive(left)
        return Held(status, status, _known(left[status]))
    if yes:
        return Held(GRANTED, GRANTED, _known(yes.at), _known(yes.until))
    return Held(UNKNOWN, "expired", _known(found.yes.until)) if found.yes else Held()


def _after(yes: datetime, no: datetime, skew: timedelta) -> bool:
    return no != ALWAYS and yes != NEVER and yes - no > skew


def _known(moment: datetime) -> datetime | None:
    return None if moment in (NEVER, ALWAYS) else moment


def effective(acts: Iterable[Act], now: datetime, skew: timedelta = timedelta(0)) -> dict[str, Effective]:
    """Return what holds of every consent that anything was said of, in order."""
    said: dict[str, dict[Identifier, list[Standing]]] = {}
    for act in acts:
        said.setdefault(act.consent, {}).setdefault(act.identifier, []).append(standing(act))
    return {consent: _of_all(said[consent], now, skew) for consent in sorted(said)}


def _of_all(said: Mapping[Identifier, Iterable[Standing]], now: datetime, skew: timedelta) -> Effective:
    each = {
        identifier: held(reduce(join, said[identifier], NOTHING), now, skew) for identifier in sorted(said)
    }
    return Effective(max(each.values(), key=_strictness), each)


def _strictness(each: Held) -> tuple[int, bool, timedelta, datetime]:
    """Of equal statuses an expired yes tells more than silence; then the one that ends first, then the latest."""
    return _RANK[each.status], each.reason == "expired", ALWAYS - (each.until or ALWAYS), each.since or NEVER
