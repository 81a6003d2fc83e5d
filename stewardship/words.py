"""How things are said on the screen: kinds, ages, weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from identity.model.review import ReviewKind
from identity.model.steward import Role, Stage

__all__ = ["ATTRIBUTES", "DRIFT", "FILTERS", "KINDS", "QUESTIONS", "STAGES", "age", "bits", "odds"]

KINDS: Mapping[ReviewKind, str] = {
    ReviewKind.POSSIBLE_MATCH: "Possible match",
    ReviewKind.CLOSE_CALL: "Close call",
    ReviewKind.WEAK_BRIDGE: "Weak bridge",
    ReviewKind.CROWDED: "Crowded",
    ReviewKind.CONTRADICTED: "Contradicted",
    ReviewKind.BREAKER: "Held back",
    ReviewKind.SAMPLE: "Sample",
    ReviewKind.LOYALTY_BLOCKED: "Loyalty blocked",
    ReviewKind.LOYALTY_SHORTFALL: "Loyalty shortfall",
}
QUESTIONS: Mapping[ReviewKind, str] = {
    ReviewKind.POSSIBLE_MATCH: "One person, or two?",
    ReviewKind.CLOSE_CALL: "One person, or two?",
    ReviewKind.WEAK_BRIDGE: "Is this one person?",
    ReviewKind.CROWDED: "Are these all one person?",
    ReviewKind.CONTRADICTED: "Does the decision still hold?",
    ReviewKind.BREAKER: "Shall this change be made?",
    ReviewKind.SAMPLE: "The same person?",
    ReviewKind.LOYALTY_BLOCKED: "Is this one person, with members that stay apart?",
    ReviewKind.LOYALTY_SHORTFALL: "Are they two people, whose points are one?",
}
DRIFT: Mapping[str, str] = {
    "NOT_MERGED": "One person here, and several members there.",
    "MERGED_ACROSS": "One member there, and several people here.",
    "UNRECORDED": "They agree, and no merge of ours made it so.",
    "UNKNOWN_THERE": "A record whose number is no member there.",
    "UNKNOWN_HERE": "A member there without a record here.",
    "NO_ACCOUNT": "A record whose number is no account there.",
    "INACTIVE_ACCOUNT": "The account is switched off there.",
    "NO_REFERENCE": "The account bears no golden id.",
    "SEVERAL_REFERENCES": "The account bears several golden ids.",
    "RETIRED_REFERENCE": "The account bears a golden id that was merged away.",
    "OTHER_REFERENCE": "The account bears the golden id of somebody else.",
    "STRAY_REFERENCE": "An account that is nobody's here bears a golden id.",
    "ATTRIBUTES": "The account is told something else than what is approved.",
}
"""What each kind of difference between another system and the master is."""
STAGES: Mapping[Stage, str] = {
    Stage.NONE: "",
    Stage.ESCALATED: "Escalated",
    Stage.SECOND_OPINION: "Second opinion",
    Stage.PROPOSED: "Waits for a second person",
}
ATTRIBUTES: Mapping[str, str] = {
    "full_name": "Full name",
    "given_name": "Given name",
    "family_name": "Family name",
    "birth_date": "Birth date",
    "email": "E-mail",
    "phone": "Phone",
    "street_address": "Street",
    "city": "City",
    "region": "Region",
    "postcode": "Postcode",
    "country": "Country",
    "gender": "Gender",
    "tax_id": "Tax id",
    "loyalty_id": "Loyalty id",
    "location": "Address",
    "prior": "Two strangers",
}
_CHANNELS = {"email": "e-mail", "sms": "SMS"}
_ROLES = {Role.PRIVACY_OFFICER: "privacy officer"}


def age(moment: datetime | None, now: datetime) -> str:
    """Return how long ago something was: 5 min, 3 h, 12 d, 2 y."""
    if moment is None:
        return "—"
    gone = now - moment
    for unit, length in (("y", timedelta(days=365)), ("d", timedelta(days=1)), ("h", timedelta(hours=1))):
        if gone >= length:
            return f"{gone // length} {unit}"
    return f"{max(0, gone // timedelta(minutes=1))} min"


def bits(weight: float | None) -> str:
    """Return a match weight with its sign, as a person reads it."""
    return "—" if weight is None else f"{weight:+.1f}".replace("-", "−")


def odds(weight: float) -> str:
    """Return in words what so many bits mean."""
    if abs(weight) < 0.5:
        return "about even odds"
    times = 2 ** min(abs(weight), 40)
    told = f"{times:.0f}" if times < 100 else f"{float(f'{times:.2g}'):,.0f}"
    told = f"{times:.1f}" if times < 3 else told
    return f"{told} times likelier if {'one person' if weight > 0 else 'two people'}"


def consent(name: str) -> str:
    """Return purpose and channel as a person reads them."""
    purpose, _, channel = name.partition(".")
    return f"{purpose.capitalize()} by {_CHANNELS.get(channel, channel)}" if channel else purpose.capitalize()


def attribute(name: str) -> str:
    return ATTRIBUTES.get(name, name.replace("_", " ").capitalize())


def role(value: Role) -> str:
    return _ROLES.get(value, value.value)


def moment(value: datetime | str | None) -> str:
    """Return a moment to the minute, in UTC."""
    if value is None or value == "":
        return "—"
    told = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{told:%Y-%m-%d %H:%M}"


def count(number: float) -> str:
    return f"{number:,}"


def share(number: float) -> str:
    """Return a limit or what was measured of it: shares as such, counts as such."""
    return f"{number * 100:.3g} %" if 0 < number < 1 else f"{number:,.0f}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "age": age,
    "attribute": attribute,
    "consent": consent,
    "bits": bits,
    "count": count,
    "kind": lambda kind: KINDS[ReviewKind(kind)],
    "moment": moment,
    "odds": odds,
    "role": role,
    "share": share,
    "stage": lambda stage: STAGES[Stage(stage)],
}
