"""What `customer.consent.yml` may say, and the policy it becomes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from identity.model.consent import RESTRICTIVENESS
from identity.model.consent_policy import (
    BASES,
    IDENTIFIER_KINDS,
    REGIMES,
    ConsentPolicy,
    Jurisdiction,
    Signal,
)
from matching_rules.document import Section, read_document

__all__ = ["ACCOUNT", "load_consent_policy"]

ACCOUNT = "account"
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")
_COUNTRY = re.compile("[A-Z]{2}")
_REGION = re.compile("[A-Z0-9]{1,3}")
_LONGEST_SKEW, _LONGEST_DAYS = 86_400, 36_500


def load_consent_policy(path: Path) -> ConsentPolicy:
    """Return the policy in `path`. RulesError E101 to E107, E136, E146 (a name of no use), E147 (something that nobody
    knows), E148 (jurisdictions that contradict each other)."""
    document = read_document(path)
    document.only(("controller", "clock_skew", "purposes", "channels", "default", "jurisdictions", "signals"))
    purposes = _names(document, "purposes", document.texts("purposes"))
    channels = _channels(document)
    jurisdictions = _jurisdictions(document, purposes)
    return ConsentPolicy(
        purposes,
        channels,
        jurisdictions,
        document.one_of("E147", "default", list(jurisdictions)),
        _signals(document, purposes, list(channels)),
        timedelta(seconds=document.decimal("clock_skew", 0, _LONGEST_SKEW, 0)),
        document.text("controller", ""),
    )


def _names(section: Section, key: str, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        raise section.error("E105", key, "has to be given", "Name one at least.")
    if strange := next((name for name in names if not _NAME.fullmatch(name)), None):
        raise section.error(
            "E146",
            key,
            f"{strange!r} is no name",
            "Use up to 40 small letters, digits and _; a letter first.",
        )
    if repeated := next((name for at, name in enumerate(names) if name in names[:at]), None):
        raise section.error("E107", key, f"{repeated!r} stands twice", "Keep one of the two.")
    return tuple(names)


def _channels(document: Section) -> dict[str, str]:
    section = document.section("channels", required=True)
    kinds = (*IDENTIFIER_KINDS, ACCOUNT)
    told = {name: section.one_of("E147", name, kinds) for name in section.content}
    _names(document, "channels", list(told))
    return {name: "" if kind == ACCOUNT else kind for name, kind in told.items()}


def _jurisdictions(document: Section, purposes: Sequence[str]) -> dict[str, Jurisdiction]:
    section = document.section("jurisdictions", required=True)
    names = _names(document, "jurisdictions", list(section.content))
    found = {name: _jurisdiction(section.section(name, required=True), name, purposes) for name in names}
    places: dict[tuple[str, str], str] = {}
    for each in found.values():
        for place in ((country, region) for country in each.countries for region in each.regions or ("",)):
            if place in places:
                where = "-".join(filter(None, place))
                raise section.error(
                    "E148",
                    each.name,
                    f"{where} belongs to {places[place]!r} too",
                    "Name it in one of the two.",
                )
            places[place] = each.name
    return found


def _jurisdiction(section: Section, name: str, purposes: Sequence[str]) -> Jurisdiction:
    section.only(("countries", "regions", "regime", "purposes", "lasts"))
    differing, lasts = section.section("purposes"), section.section("lasts")
    _known(differing, purposes, "purpose")
    _known(lasts, BASES, "basis")
    return Jurisdiction(
        name,
        _places(section, "countries", _COUNTRY),
        _places(section, "regions", _REGION),
        section.one_of("E147", "regime", REGIMES),
        {purpose: differing.one_of("E147", purpose, REGIMES) for purpose in differing.content},
        {basis: int(lasts.decimal(basis, 1, _LONGEST_DAYS)) for basis in lasts.content},
    )


def _known(section: Section, names: Sequence[str], what: str) -> None:
    if strange := next((name for name in section.content if name not in names), None):
        raise section.error("E147", strange, f"is no {what}", f"Use some of: {', '.join(names)}.")


def _places(section: Section, key: str, spelling: re.Pattern[str]) -> tuple[str, ...]:
    told = section.texts(key)
    if strange := next((place for place in told if not spelling.fullmatch(place)), None):
        raise section.error("E146", key, f"{strange!r} is no code of a place", "Use codes of ISO 3166.")
    return told


def _signals(document: Section, purposes: Sequence[str], channels: Sequence[str]) -> dict[str, Signal]:
    section = document.section("signals")
    if section.content:
        _names(document, "signals", list(section.content))
    return {
        name: _signal(section.section(name, required=True), name, purposes, channels)
        for name in section.content
    }


def _signal(section: Section, name: str, purposes: Sequence[str], channels: Sequence[str]) -> Signal:
    section.only(("status", "consents"))
    consents = section.texts("consents")
    for consent in consents:
        purpose, _, channel = consent.partition(".")
        if purpose not in purposes or channel not in channels:
            raise section.error("E147", "consents", f"{consent!r} is no consent", "Write purpose.channel.")
    return Signal(name, section.one_of("E147", "status", RESTRICTIVENESS), consents)
