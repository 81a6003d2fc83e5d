"""overrule: a profile as records make it, and values that people gave → the profile as it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from identity.features.text import fold
from identity.model.golden import GoldenProfile, GoldenValue
from identity.model.override import RULE, Override
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord

__all__ = ["anchors", "in_force", "overrule"]


def overrule(
    profile: GoldenProfile, records: Sequence[SourceRecord], overrides: Iterable[Override]
) -> GoldenProfile:
    """Return the profile of `records` with the values that hold in the place of theirs; of several for one attribute
    the latest. It depends on nothing else, so a merge, a split or an undo needs no thought."""
    given = {each.attribute: each for each in in_force(records, overrides)}
    if not given:
        return profile
    values = dict(profile.values) | {
        name: GoldenValue(each.value, RecordKey(each.origin, each.operation_id), RULE, each.at)
        for name, each in given.items()
    }
    usual = [name for name in CANONICAL_ATTRIBUTES if name in values]
    ordered = [*usual, *sorted(values.keys() - set(usual))]
    return replace(profile, values={name: values[name] for name in ordered})


def in_force(records: Sequence[SourceRecord], overrides: Iterable[Override]) -> list[Override]:
    """Return the overrides that hold for these records, the latest last."""
    now = {record.key: record.attributes for record in records}
    found = (
        each
        for each in overrides
        if any(
            key in now and (now[key].get(each.attribute) or None) == said for key, said in each.said.items()
        )
    )
    return sorted(found, key=lambda each: (each.at, each.operation_id))


def anchors(
    records: Sequence[SourceRecord], attribute: str, value: str | None
) -> dict[RecordKey, str | None]:
    """Return the records that say what is put right, each as it spells it; where none does, the first of them all."""
    told = {record.key: record.attributes.get(attribute) or None for record in records}
    same: dict[RecordKey, str | None] = {
        key: text for key, text in told.items() if value and text and fold(text) == fold(value)
    }
    first = min(told)
    return same or {first: told[first]}
