"""Which value of which record becomes the golden value: the records of one person in, one profile out.

The population engine (`identity/engines/survivorship.py`) gives the same values for the same reasons; this is
the specification, and a property test holds the two together.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from identity.features.text import fold
from identity.model.cluster import GoldenId
from identity.model.consent import most_restrictive
from identity.model.golden import GoldenProfile, GoldenValue
from identity.model.policy import AttributePolicy, SurvivorshipPolicy
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord

__all__ = [
    "DEFAULT_TRUST",
    "DOUBTFUL",
    "FOLDS",
    "MEASURES",
    "PLACEHOLDER",
    "REAL",
    "attribute_order",
    "attributes_text",
    "consents_text",
    "digest",
    "fingerprint",
    "fold_text",
    "json_text",
    "survive",
    "units",
]

DEFAULT_TRUST = 50
PLACEHOLDER, DOUBTFUL, REAL = range(3)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_Parts = tuple[str | None, ...]
_Blanks = tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one record says about the attributes of one policy; None where it says nothing."""

    record: SourceRecord
    parts: _Parts
    folded: tuple[str, ...]
    realness: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Contest:
    """What a claim is measured against."""

    policy: AttributePolicy
    trust: Mapping[str, int]
    votes: Counter[tuple[str, ...]]


def survive(
    golden_id: str,
    records: Sequence[SourceRecord],
    policy: SurvivorshipPolicy,
    consents: Mapping[str, str] | None = None,
) -> GoldenProfile:
    """Return the golden profile of the records of one person, whatever order they come in.

    Every value names its record and the rule that decided: the first step that left one value, in the order
    mastered_by:<source> or only_value, real_value, the policy's criteria, record_key. Where several records
    are left with that value the smallest record key is credited, so that one more confirmation changes
    nothing. `consents` are what `steps/agree.py` says; without them, the strictest that records state.
    """
    ordered = sorted(records, key=lambda record: record.key)
    said = attribute_order(name for record in ordered for name in record.attributes)
    values: dict[str, GoldenValue] = {}
    for unit in units(policy, said):
        values |= _surviving(unit, ordered, policy.trust)
    return GoldenProfile(
        golden_id=GoldenId(golden_id),
        values={name: values[name] for name in said if name in values},
        consents=_merged_consents(ordered) if consents is None else consents,
        records=tuple(record.key for record in ordered),
    )


def attribute_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the canonical attributes among `names` in their usual order, then the custom ones by name."""
    present = set(names)
    return (
        *(name for name in CANONICAL_ATTRIBUTES if name in present),
        *sorted(present - set(CANONICAL_ATTRIBUTES)),
    )


def units(policy: SurvivorshipPolicy, names: Sequence[str]) -> tuple[AttributePolicy, ...]:
    """Return the policies that decide `names`, each once; names that no policy mentions get the default."""
    by_name = {name: unit for unit in policy.attributes for name in unit.attributes}
    chosen = (by_name.get(name) or replace(policy.default, attribute=name) for name in names)
    return tuple({unit.attribute: unit for unit in chosen}.values())


def _surviving(
    unit: AttributePolicy, records: Sequence[SourceRecord], trust: Mapping[str, int]
) -> dict[str, GoldenValue]:
    voices = [record for record in records if record.key.source == unit.mastered_by]
    said = [(record, _parts(record, unit)) for record in voices or records]
    said = [(record, parts) for record, parts in said if any(parts)]
    if len({parts for _, parts in said}) > 1:
        record, parts, rule = _elected(said, unit, trust)
    elif said:
        (record, parts), rule = said[0], f"mastered_by:{unit.mastered_by}" if voices else "only_value"
    else:
        return {}
    return {
        name: GoldenValue(value, record.key, rule, record.observed_at)
        for name, value in zip(unit.attributes, parts, strict=True)
        if value is not None
    }


def _parts(record: SourceRecord, unit: AttributePolicy) -> _Parts:
    return tuple(record.attributes.get(name) or None for name in unit.attributes)


def _elected(
    said: Sequence[tuple[SourceRecord, _Parts]], unit: AttributePolicy, trust: Mapping[str, int]
) -> tuple[SourceRecord, _Parts, str]:
    blanks = _blanks(unit)
    claims = [_claim(record, parts, unit, blanks) for record, parts in said]
    winner, rule = _winner(claims, _Contest(unit, trust, Counter(claim.folded for claim in claims)))
    places = enumerate(winner.parts)
    parts = tuple(None if _known_better(winner, claims, place) else part for place, part in places)
    return winner.record, parts, rule


def _claim(record: SourceRecord, parts: _Parts, unit: AttributePolicy, blanks: _Blanks) -> _Claim:
    fold_value = FOLDS[unit.compared_as]
    folded = tuple(fold_value(part) if part else "" for part in parts)
    return _Claim(record, parts, folded, tuple(_realness(text, unit, blanks) for text in folded))


def _winner(claims: Sequence[_Claim], contest: _Contest) -> tuple[_Claim, str]:
    """Return the winning claim and the rule after which one value was left."""
    remaining, rule = claims, ""
    for step in ("real_value", *contest.policy.criteria):
        if _agree(remaining):
            return remaining[0], rule
        measured = [MEASURES[step](claim, contest) for claim in remaining]
        best = max(measured)
        remaining = [claim for claim, measure in zip(remaining, measured, strict=True) if measure == best]
        rule = step
    return remaining[0], rule if _agree(remaining) else "record_key"


def _agree(claims: Sequence[_Claim]) -> bool:
    return len({claim.parts for claim in claims}) == 1


def _known_better(winner: _Claim, claims: Sequence[_Claim], place: int) -> bool:
    """True for a placeholder that came along with its record while another record has a real value there."""
    rivals = (claim.realness[place] for claim in claims if claim.parts[place] is not None)
    return winner.realness[place] == PLACEHOLDER and max(rivals, default=PLACEHOLDER) > PLACEHOLDER


def _real_value(claim: _Claim, _: _Contest) -> int:
    return max(claim.realness)


def _trust(claim: _Claim, contest: _Contest) -> int:
    return contest.trust.get(claim.record.key.source, DEFAULT_TRUST)


def _recency(claim: _Claim, _: _Contest) -> int:
    """Microseconds since 1970; a record that does not say when it was observed comes last."""
    return ((claim.record.observed_at or _LONG_AGO) - _EPOCH) // timedelta(microseconds=1)


def _verified(claim: _Claim, contest: _Contest) -> int:
    return sum(_matches(contest.policy.verified_pattern, part) for part in claim.parts if part)


def _completeness(claim: _Claim, contest: _Contest) -> int:
    """A single value: its length, then accents, then mixed case. A group: how many of its parts are real."""
    if contest.policy.together:
        return sum(realness > PLACEHOLDER for realness in claim.realness)
    value = claim.parts[0] or ""
    mixed_case = re.search("[a-z]", value) is not None and re.search("[A-Z]", value) is not None
    return len(claim.folded[0]) * 4 + (not value.isascii()) * 2 + mixed_case


def _votes(claim: _Claim, contest: _Contest) -> int:
    return contest.votes[claim.folded]


MEASURES: Mapping[str, Callable[[_Claim, _Contest], int]] = {
    "real_value": _real_value,
    "trusted_source": _trust,
    "most_recent": _recency,
    "verified": _verified,
    "most_complete": _completeness,
    "vote": _votes,
}


def fold_text(text: str) -> str:
    """Return `text` without case, accents and repeated spaces: two spellings of one value fold alike."""
    return " ".join(fold(text).split())


def _fold_phone(text: str) -> str:
    """Return the last nine digits, the same with or without a country code; else the folded text."""
    return re.sub("[^0-9]", "", text)[-9:] or fold_text(text)


FOLDS: Mapping[str, Callable[[str], str]] = {"text": fold_text, "phone": _fold_phone}


@lru_cache(maxsize=1024)
def _blanks(unit: AttributePolicy) -> _Blanks:
    fold_value = FOLDS[unit.compared_as]
    return frozenset(map(fold_value, unit.placeholders)), frozenset(map(fold_value, unit.doubtful))


def _realness(folded: str, unit: AttributePolicy, blanks: _Blanks) -> int:
    placeholders, doubtful = blanks
    if not folded or folded in placeholders or _matches(unit.placeholder_pattern, folded):
        return PLACEHOLDER
    return DOUBTFUL if folded in doubtful or _matches(unit.doubtful_pattern, folded) else REAL


def _matches(pattern: str, text: str) -> bool:
    return bool(pattern) and re.fullmatch(pattern, text) is not None


def _merged_consents(records: Sequence[SourceRecord]) -> dict[str, str]:
    asked = sorted({consent for record in records for consent in record.consents})
    return {
        consent: most_restrictive(
            record.consents[consent] for record in records if consent in record.consents
        )
        for consent in asked
    }


def attributes_text(profile: GoldenProfile) -> str:
    """Return the golden values as JSON: attribute → [value, source, source_record_id, rule, observed_at].

    Most come for one reason from one record: where the rest is as of the value before, the value stands alone.
    """
    reasons = [_reason(value) for value in profile.values.values()]
    told = zip(profile.values.items(), [None, *reasons], reasons, strict=False)
    return json_text(
        {name: [golden.value, *(() if now == before else now)] for (name, golden), before, now in told}
    )


def consents_text(profile: GoldenProfile) -> str:
    """Return the consent statuses as JSON with sorted keys."""
    return json_text(dict(sorted(profile.consents.items())))


def fingerprint(profile: GoldenProfile) -> str:
    """Return 32 hex digits that change exactly when values, reasons, consents or members change."""
    members = (f"{key.source}\x1f{key.source_record_id}".encode() for key in sorted(profile.records))
    return digest(attributes_text(profile).encode(), consents_text(profile).encode(), members)


def digest(attributes: bytes, consents: bytes, members: Iterable[bytes]) -> str:
    """Return the fingerprint of a profile from its texts in UTF-8; `members` are its record keys, sorted."""
    return hashlib.blake2b(b"\n".join((attributes, consents, *members)), digest_size=16).hexdigest()


def _reason(golden: GoldenValue) -> tuple[str | None, ...]:
    key: RecordKey = golden.record
    return key.source, key.source_record_id, golden.rule, _instant(golden.observed_at)


def _instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z; fractions of a second without trailing zeros."""
    if moment is None:
        return None
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def json_text(document: object) -> str:
    """Return JSON with nothing between its tokens and every letter as it is."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
